import type { RunFacts } from '../../src/domain/evidence.js';
import type { RunResult } from '../../src/domain/result.js';
import type { Kind } from './kind.js';
import { randomOf } from './random.js';
import { simulate, type Truth } from './simulation.js';

/** How often something held, of how often it was looked at. */
export interface Share {
  readonly of: number;
  readonly held: number;
}

/** What a study of one kind found. */
export interface KindReport {
  readonly kind: Kind;
  /** Number of the first run. */
  readonly from: number;
  readonly runs: number;
  readonly verdicts: Readonly<Record<'PASS' | 'FAIL' | 'INCONCLUSIVE' | 'ERROR', number>>;
  /** Runs the kind's demand applies to. */
  readonly demanded: number;
  /** Numbers of those that break it. */
  readonly wrong: readonly number[];
  /** Runs with an outage whose best cause is the right one (or, for noise, none of the deploy's). */
  readonly attribution: Share;
  readonly misattributed: readonly number[];
  /** In how many runs a cause ranks first in some outage. */
  readonly causes: ReadonlyMap<string, number>;
  readonly coverage: ReadonlyMap<string, Share>;
  /** The interval missed the truth in these runs. */
  readonly missed: ReadonlyMap<string, readonly number[]>;
}

const NOT_OF_THE_DEPLOY: ReadonlySet<string> = new Set(['LB_ENDPOINT', 'KEEPALIVE_RACE', 'BACKGROUND', 'UNEXPLAINED']);

/** The confidence each interval claims. */
export const NOMINAL: Readonly<Record<string, number>> = {
  'outage start and end': 0.95,
  'outage duration': 0.95,
  'detach lag': 0.95,
  'attach lag': 0.95,
  'failure probability': 0.95,
  'equivalent downtime': 0.95,
};

/** Runs one kind so often, and holds what `analyze` says against what happened. */
export function studyOf(
  kind: Kind,
  seed: number,
  runs: number,
  analyze: (facts: RunFacts) => RunResult,
  from = 0,
): KindReport {
  const verdicts = { PASS: 0, FAIL: 0, INCONCLUSIVE: 0, ERROR: 0 };
  const wrong: number[] = [];
  const misattributed: number[] = [];
  const causes = new Map<string, number>();
  const coverage = new Map<string, Share>();
  const missed = new Map<string, number[]>();
  let [demanded, attributed] = [0, 0];
  for (let run = from; run < from + runs; run++) {
    const { truth, result } = oneRun(kind, seed, run, analyze);
    verdicts[result.verdict.kind]++;
    const isWrong = kind.isWrong(result.verdict.kind, truth, result);
    if (isWrong !== null) demanded++;
    if (isWrong === true) wrong.push(run);
    for (const [name, held] of coverageOf(kind, truth, result)) {
      const share = coverage.get(name) ?? { of: 0, held: 0 };
      coverage.set(name, { of: share.of + 1, held: share.held + (held ? 1 : 0) });
      if (!held) missed.set(name, [...(missed.get(name) ?? []), run]);
    }
    const blamed = bestCauses(result);
    if (blamed.length === 0 || (kind.cause === null && !kind.noDeployCause)) continue;
    attributed++;
    for (const code of new Set(blamed)) causes.set(code, (causes.get(code) ?? 0) + 1);
    const right = kind.noDeployCause ? blamed.every((c) => NOT_OF_THE_DEPLOY.has(c)) : blamed[0] === kind.cause;
    if (!right) misattributed.push(run);
  }
  const attribution = { of: attributed, held: attributed - misattributed.length };
  return { kind, from, runs, verdicts, demanded, wrong, attribution, misattributed, causes, coverage, missed };
}

/** One run of a study, made again by its numbers. */
export function oneRun(
  kind: Kind,
  seed: number,
  run: number,
  analyze: (facts: RunFacts) => RunResult,
): { readonly truth: Truth; readonly result: RunResult; readonly facts: RunFacts } {
  const random = randomOf(seed, kind.name, run);
  const { facts, truth } = simulate(kind.draw(random), random);
  return { facts, truth, result: analyze(facts) };
}

/** The first cause of every outage, the largest outage first. */
function bestCauses(result: RunResult): readonly string[] {
  return [...result.outages].sort((a, b) => b.failures - a.failures).map((outage) => outage.causes[0].code);
}

function* coverageOf(kind: Kind, truth: Truth, result: RunResult): Generator<readonly [string, boolean]> {
  const { lags, windows, bound } = kind.measures;
  if (lags) yield* lagCoverage(truth, result);
  if (bound) yield* boundCoverage(truth, result);
  if (windows) yield* windowCoverage(truth, result);
}

function* lagCoverage(truth: Truth, result: RunResult): Generator<readonly [string, boolean]> {
  for (const lag of truth.lags) {
    const found = result.replacements.find((r) => r.target === lag.target);
    yield ['detach lag', holds(found?.detachLagLoMs, lag.detachMs, found?.detachLagHiMs)];
    yield ['attach lag', holds(found?.attachLagLoMs, lag.attachMs, found?.attachLagHiMs)];
  }
}

function* boundCoverage(truth: Truth, { claims }: RunResult): Generator<readonly [string, boolean]> {
  const downMs = truth.outageMs * (truth.outage?.share ?? 0);
  const p = downMs / (truth.window.to - truth.window.from);
  yield ['failure probability', (claims.failureProbabilityUpper ?? -1) >= p];
  yield ['equivalent downtime', (claims.equivalentDowntimeMs ?? -1) >= downMs];
}

/** Of outages that were seen; one that was taken for several counts by its largest part. */
function* windowCoverage({ outage }: Truth, result: RunResult): Generator<readonly [string, boolean]> {
  const seen = [...result.outages].sort((a, b) => b.failures - a.failures)[0];
  if (outage === null || seen === undefined) return;
  const hasStart = holds(seen.startLo, outage.from, seen.startHi);
  yield ['outage start and end', hasStart && holds(seen.endLo, outage.to, seen.endHi)];
  yield ['outage duration', holds(seen.durationLoMs, outage.to - outage.from, seen.durationHiMs)];
}

function holds(lo: number | null | undefined, value: number, hi: number | null | undefined): boolean {
  return lo != null && hi != null && lo - 1e-6 <= value && value <= hi + 1e-6;
}
