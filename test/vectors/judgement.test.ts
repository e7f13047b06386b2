import { describe, expect, it } from 'vitest';
import { claimsOf } from '../../src/checks/claims.js';
import { CHECKS, GATES } from '../../src/checks/index.js';
import { merge } from '../../src/checks/merge.js';
import { runChecks } from '../../src/checks/run-checks.js';
import type { RunEvent } from '../../src/domain/event.js';
import type { Evidence } from '../../src/domain/evidence.js';
import type { Outage } from '../../src/domain/outage.js';
import { DEFAULT_POLICY, type Policy } from '../../src/domain/scenario.js';
import { evidenceOf } from '../../src/evidence/evidence.js';
import { judgedSamples } from '../../src/evidence/judged-samples.js';
import { outageWindows } from '../../src/evidence/outage-windows.js';
import { emptyEvidence, outage, replacement } from '../checks/evidence-builder.js';
import { factsOf, type Row, scenarioOf } from '../runs/fact-builder.js';
import { expectMatch, vectorCases } from './vectors.js';

type Figures = Readonly<Record<string, number>>;

/** Names of the vectors' policy → ours. */
function policyOf(given: Readonly<Record<string, unknown>>): Policy {
  const names: Readonly<Record<string, keyof Policy>> = {
    mode: 'mode',
    alpha: 'alpha',
    alphaExcess: 'excessAlpha',
    alpha_excess: 'excessAlpha',
    excessAlpha: 'excessAlpha',
    slo: 'slo',
    fullMs: 'fullOutageMs',
    instMs: 'targetOutageMs',
    maxOutageMs: 'maxOutageMs',
    delta: 'delta',
    requireDrain: 'requireDrain',
    slowMs: 'slowMs',
  };
  const own = Object.entries(given).map(([name, value]) => {
    const key = names[name];
    if (key === undefined) throw new Error(`the vectors set a policy field nobody knows: ${name}`);
    return [key, value] as const;
  });
  return { ...DEFAULT_POLICY, ...Object.fromEntries(own) };
}

/** A vector's generator figures → ours; a name nobody knows is an error, never ignored. */
function healthOf(h: Figures): Evidence['health'] {
  const base = { ...emptyEvidence().health, arrivals: h.sched ?? 0, stampCoverage: 1 };
  let health: Evidence['health'] = base;
  for (const [name, value] of Object.entries(h)) health = { ...health, ...healthField(name, value, health, h) };
  return health;
}

function healthField(name: string, value: number, health: Evidence['health'], h: Figures): Partial<Evidence['health']> {
  if (name === 'sched') return {};
  if (name === 'n0') return { baseline: value };
  if (name === 'lost' || name === 'dropped' || name === 'late' || name === 'forged' || name === 'stampCoverage')
    return { [name]: value };
  if (/^stall/.test(name)) return { stallMaxMs: value };
  if (/^clock/.test(name)) return { clockErrorMs: value };
  if (/^(client|dns)/.test(name)) return { clientErrors: health.clientErrors + value };
  if (/^control/i.test(name) && /fail|err|bad/i.test(name)) {
    const sent = Object.entries(h).find(([other]) => /^control/i.test(other) && other !== name)?.[1] ?? h.sched ?? 0;
    return value > 0 && value < 1
      ? { controlSent: 1_000_000, controlFailed: value * 1_000_000 }
      : { controlSent: sent, controlFailed: value };
  }
  if (/^control/i.test(name) && /n$|sent|sched|total/i.test(name)) return { controlSent: value };
  throw new Error(`the vectors set a generator figure nobody knows: ${name}`);
}

function gateCodes(health: Evidence['health'], policy: Policy): string[] {
  const evidence = { ...emptyEvidence(), health };
  return GATES.map((gate) => gate.evaluate(evidence, policy)).flatMap((r) =>
    r.status === 'inconclusive' ? [r.code ?? ''] : [],
  );
}

describe('vectors: gates', () => {
  const cases = vectorCases<{ h: Figures; expect: readonly string[] }>('gates');
  it.each(cases.map((c) => [JSON.stringify(c.h), c] as const))('%s', (_name, c) => {
    expect(gateCodes(healthOf(c.h), DEFAULT_POLICY)).toEqual(c.expect);
  });
});

interface Summary {
  readonly n: number;
  readonly k: number;
  readonly u: number;
  readonly n0: number;
  readonly k0: number;
  readonly deploy: string;
  readonly mechanism: number;
  readonly stale: number;
  readonly clusters: readonly { readonly durLo: number; readonly durHi: number }[];
  readonly claimFullMs: number;
  readonly claimInstMs: number;
  readonly drainInFlight: readonly number[];
  readonly gates: readonly string[];
  readonly replacement: string;
  readonly interrupted?: boolean | string;
  readonly configError?: boolean | string;
  readonly toolError?: string;
  readonly nearMiss?: boolean;
}

function signalOf(s: Summary): 'SIGINT' | 'SIGTERM' | null {
  if (s.interrupted === undefined || s.interrupted === false) return null;
  return s.interrupted === 'SIGTERM' ? 'SIGTERM' : 'SIGINT';
}

function evidenceFrom(s: Summary): Evidence {
  const base = emptyEvidence();
  const proven = s.replacement === 'proven';
  const deploy =
    s.deploy === 'complete' || s.deploy === 'failed' || s.deploy === 'interrupted'
      ? s.deploy
      : s.deploy === 'none' || s.deploy === 'not-started'
        ? 'not-started'
        : 'failed';
  return {
    ...base,
    run: { ...base.run, deploy },
    conduct: { ...base.conduct, interruptedBy: signalOf(s) },
    counts: {
      ...base.counts,
      judged: s.n,
      failed: s.k,
      unknown: s.u,
      baseline: s.n0,
      baselineFailed: s.k0,
      stale: s.stale,
    },
    health: { ...base.health, arrivals: s.n, baseline: Math.max(1000, s.n0) },
    resolution: { ...base.resolution, totalOutageMs: s.claimFullMs, targetOutageMs: s.claimInstMs },
    outages: s.clusters.map((c): Outage => outage({ durationLoMs: c.durLo, durationHiMs: c.durHi })),
    replacements: s.drainInFlight.map((inFlightAtDetach, i) =>
      replacement(`s${i + 1}`, { inFlightAtDetach, left: proven, returned: proven, replaced: proven }),
    ),
    toReplace: s.drainInFlight.map((_, i) => `s${i + 1}`),
    mechanism: s.mechanism,
    nearMisses: s.nearMiss === true ? ['near'] : [],
  };
}

/** The vectors give the gates' answers, so each stands in for a gate that said so. */
function verdictFrom(s: Summary, policy: Policy) {
  const [first, ...rest] = runChecks(CHECKS, evidenceFrom(s), policy);
  const said = [
    ...s.gates,
    ...(s.configError === undefined || s.configError === false ? [] : ['CONFIG_ERROR']),
    ...(s.toolError === undefined ? [] : ['TOOL_ERROR']),
  ].map((code) => ({ ...first, status: 'inconclusive' as const, code: code as 'GEN_LOST' }));
  return merge([first, ...rest, ...said], signalOf(s));
}

describe('vectors: verdict', () => {
  const cases = vectorCases<{
    name: string;
    summary: Summary;
    policy: Record<string, unknown>;
    expect: Record<string, unknown>;
  }>('verdict');
  it.each(cases.map((c) => [c.name, c] as const))('%s', (_name, c) => {
    const { kind, exitCode, codes, warnings } = verdictFrom(c.summary, policyOf(c.policy));
    expect({ verdict: kind, exitCode, codes, warnings }).toEqual(c.expect);
  });
});

type VectorSample = readonly [
  number,
  number | null,
  number | null,
  string,
  string | null,
  string | null,
  'new' | 'reuse' | 'long',
];
interface VectorRun {
  readonly N: number;
  readonly warmEnd: number;
  readonly settle: number;
  readonly samples: readonly VectorSample[];
  readonly stalls: readonly (readonly [number, number])[];
  readonly events: readonly (Figures & { readonly inst: string })[];
  readonly oldVer: string;
  readonly newVer: string;
  readonly lambda: number;
}
interface EndToEnd {
  readonly name: string;
  readonly run: VectorRun;
  readonly policy: Record<string, unknown>;
  readonly gatePolicy: Partial<Policy['gates']>;
  readonly deltaMs: number;
  readonly expect: Record<string, unknown> & {
    readonly window: readonly [number, number];
    readonly lags: readonly { readonly inst: string }[];
  };
}

/** Raw facts that the class of a vector's sample comes from. */
const RAW: Readonly<Record<string, Partial<Row>>> = {
  ok: { status: 200 },
  dropped: { error: 'ROLLPROOF_DROPPED' },
  client: { error: 'EMFILE', errorPhase: 'connect' },
  dns: { error: 'ENOTFOUND', errorPhase: 'dns' },
  refused: { error: 'ECONNREFUSED', errorPhase: 'connect' },
  unreachable: { error: 'EHOSTUNREACH', errorPhase: 'connect' },
  timeout: { error: 'ROLLPROOF_TIMEOUT', errorPhase: 'headers' },
  reset: { error: 'ECONNRESET', errorPhase: 'headers' },
  truncated: { error: 'ROLLPROOF_TRUNCATED', errorPhase: 'body' },
  tls: { error: 'ERR_SSL_WRONG', errorPhase: 'tls' },
  protocol: { error: 'HPE_INVALID', errorPhase: 'headers' },
  http_5xx_app: { status: 500 },
  http_5xx_lb: { status: 503, statusText: 'GATEWAY_TIMEOUT' },
  http_5xx: { status: 500 },
  assertion: { status: 200, bodyOk: 0 },
};

function rowOf([scheduledAt, sentAt, endedAt, cls, target, version, lane]: VectorSample): Row {
  const raw = RAW[cls];
  if (raw === undefined) throw new Error(`the vectors use a class nobody knows: ${cls}`);
  return { scheduledAt, sentAt, endedAt, target, version, lane, ...raw };
}

function eventsFrom(run: VectorRun): RunEvent[] {
  const events: RunEvent[] = [{ kind: 'traffic-started', at: 0, source: 'node', warmUpEndsAt: run.warmEnd }];
  for (const e of run.events) {
    const target = e.inst;
    const stage = target;
    const call = (operation: 'detach' | 'attach', from?: number, to?: number): RunEvent[] =>
      from === undefined || to === undefined
        ? []
        : [{ kind: 'balancer-call', at: to, operation, target, requestedAt: from, respondedAt: to, error: null }];
    const app = (what: 'down' | 'up', at?: number): RunEvent[] =>
      at == null ? [] : [{ kind: 'app-observed', at, target, what, via: 'mark' }];
    events.push({ kind: 'stage-started', at: e.detachReq ?? 0, stage }, ...call('detach', e.detachReq, e.detachRes));
    if (e.deployStart != null) {
      events.push({
        kind: 'deploy-ended',
        at: e.attachReq ?? e.deployStart,
        target,
        command: ['x'],
        startedAt: e.deployStart,
        exitCode: 0,
        outputTail: '',
        error: null,
      });
    }
    events.push(...app('down', e.appDown), ...app('up', e.appUp), ...call('attach', e.attachReq, e.attachRes));
    events.push({ kind: 'stage-ended', at: e.stageEnd ?? 0, stage, ok: true });
  }
  for (const [from, to] of run.stalls) events.push({ kind: 'stall', at: to, source: 'node', from, to });
  events.push({ kind: 'traffic-stopped', at: 1e6, source: 'node', scheduled: run.samples.length, error: null });
  events.push({ kind: 'run-ended', at: 1e6, deploy: 'complete', stillDetached: [], error: null });
  return events;
}

function factsFrom(c: EndToEnd) {
  const { run } = c;
  const policy = policyOf(c.policy);
  const scenario = scenarioOf({
    targets: Array.from({ length: run.N }, (_, i) => `s${i + 1}`),
    version: run.newVer,
    previousVersion: run.oldVer,
    policy: { ...policy, gates: { ...policy.gates, ...c.gatePolicy } },
    traffic: { ratePerSecond: run.lambda, settleMs: run.settle, warmUpMs: run.warmEnd },
  });
  return factsOf(scenario, eventsFrom(run), run.samples.map(rowOf));
}

/** Everything the vector expects, in its words. */
function actualOf(c: EndToEnd) {
  const facts = factsFrom(c);
  const { policy, targets } = facts.header.scenario;
  const found = evidenceOf(facts);
  // The vectors judge the run with no mechanism and without looking for near misses.
  const evidence: Evidence = { ...found, mechanism: 0, nearMisses: [] };
  const window = found.window ?? { from: Number.NaN, to: Number.NaN };
  const samples = judgedSamples(facts, found.window, c.run.warmEnd);
  const windows = outageWindows({
    sentAt: samples.table.sentAt,
    endedAt: samples.table.endedAt,
    class: samples.class,
    failed: samples.failed,
    admissible: samples.unknown.map((mark) => 1 - mark),
    targets: targets.length,
    deltaMs: c.deltaMs,
    ratePerSecond: c.run.lambda,
    ...window,
  });
  const results = runChecks(CHECKS, evidence, policy);
  const verdict = merge(results);
  const claims = claimsOf(evidence, policy, 'PASS');
  const lane = (pick: (row: Evidence['lanes'][number]) => number | null) =>
    Object.fromEntries(evidence.lanes.map((row) => [row.lane, pick(row)]));
  const inWindow = evidence.phases.filter((row) => row.phase.kind !== 'baseline');
  return {
    window: [window.from, window.to],
    n: evidence.counts.judged,
    k: evidence.counts.failed,
    u: evidence.counts.unknown,
    n0: evidence.counts.baseline,
    k0: evidence.counts.baselineFailed,
    fullMs: lane((row) => row.totalOutageMs),
    instMs: lane((row) => row.targetOutageMs),
    clusters: windows.map(({ failures, durationLoMs, durationHiMs, durationEstimateMs, ...w }) => ({
      ...w,
      k: failures,
      durLo: durationLoMs,
      durHi: durationHiMs,
      durEst: durationEstimateMs,
    })),
    phaseCounts: Object.fromEntries(inWindow.filter((row) => row.failed > 0).map((row) => [row.phase.id, row.failed])),
    ambiguous: inWindow.reduce((sum, row) => sum + row.ambiguous, 0),
    lags: c.expect.lags.map(({ inst }) => lagsOf(evidence, inst)),
    gates: GATES.map((gate) => gate.evaluate(evidence, policy)).flatMap((r) =>
      r.status === 'inconclusive' ? [r.code] : [],
    ),
    drainInFlight: evidence.replacements.map((r) => r.inFlightAtDetach),
    upper95: claims.failureProbabilityUpper,
    unobservedMs: evidence.resolution.unobservedMs,
    equivDowntimeMs: claims.equivalentDowntimeMs,
    mcr1s: Math.min(
      ...evidence.lanes.map((row) => row.minAvailability.find((w) => w.windowMs === 1000)?.ratio ?? Number.NaN),
    ),
    verdict: { verdict: verdict.kind, exitCode: verdict.exitCode, codes: verdict.codes, warnings: verdict.warnings },
  };
}

function lagsOf(evidence: Evidence, inst: string) {
  const r = evidence.replacements.find((row) => row.target === inst);
  if (r === undefined) throw new Error(`no replacement for ${inst}`);
  return {
    inst,
    detach: {
      lagLo: r.detachLagLoMs,
      lagHi: r.detachLagHiMs,
      drainNeed: r.drainNeedMs,
      drainNeedHi: r.drainNeedHiMs,
      silentSends: r.silentSends,
      proven: r.pStillIn !== null && r.pStillIn <= 0.05,
    },
    attach: { lagLo: r.attachLagLoMs, lagHi: r.attachLagHiMs },
    back: r.servedNew,
    stale: r.staleResponses,
    replaced: r.replaced,
    margin: r.marginMs,
    needCensored: r.needHiMs === null,
    needLo: r.needLoMs,
    needHi: r.needHiMs,
  };
}

describe('vectors: endToEnd', () => {
  const cases = vectorCases<EndToEnd>('endToEnd');
  it.each(cases.map((c) => [c.name, c] as const))('%s', (_name, c) => {
    const actual = actualOf(c);
    expectMatch(actual, c.expect);
    expect(Object.keys(actual.phaseCounts).sort()).toEqual(Object.keys(c.expect.phaseCounts as object).sort());
  });
});
