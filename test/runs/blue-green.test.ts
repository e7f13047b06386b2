import { describe, expect, it } from 'vitest';
import { analyze } from '../../src/analyze.js';
import type { RunEvent } from '../../src/domain/event.js';
import type { RunFacts } from '../../src/domain/evidence.js';
import type { Step } from '../../src/domain/pipeline.js';
import type { Scenario } from '../../src/domain/scenario.js';
import { factsOf, type Row, scenarioOf } from './fact-builder.js';
import { randomOf } from './random.js';

/** A blue-green deploy with known truth: who is routed to when, and what of it is false. */
interface World {
  /** Blue goes on being routed to for good, whatever the API says. */
  readonly blueStays?: boolean;
  /** Green is attached and never routed to. */
  readonly greenSilent?: boolean;
  /** Green serves before its attach too. */
  readonly greenWasIn?: boolean;
  /** What green runs. */
  readonly greenVersion?: string;
  /** So many ms after its detach blue is stopped while it is still routed to. */
  readonly blueStopsAfterMs?: number;
  /** Nobody answers for this long, from the middle of the two groups serving together. */
  readonly outageMs?: number;
  readonly previousVersion?: string | null;
  readonly deploy?: 'complete' | 'failed';
}

const [DEPLOY, GREEN_IN, BLUE_OUT, END] = [5_000, 7_000, 11_000, 15_000];
const LAG = 400;
const TARGETS = ['b1', 'b2', 'g1', 'g2'];

function run(world: World = {}): RunFacts {
  const plain = scenarioOf({ targets: TARGETS, previousVersion: world.previousVersion ?? null });
  const scenario: Scenario = {
    ...plain,
    rollout: {
      ...plain.rollout,
      strategy: 'blue-green',
      blueGreen: { green: ['g1', 'g2'], blue: ['b1', 'b2'], retire: 'deploy' },
      deploy: { kind: 'command', command: ['deploy'], shell: false, timeoutMs: 1000, env: {}, cwd: null },
    },
  };
  const random = randomOf(3);
  const rows: Row[] = [];
  const stopAt = BLUE_OUT + 50 + (world.blueStopsAfterMs ?? 3_000);
  for (let k = 0; k < (END + 1_200) * 0.4; k++) {
    const at = (k + random()) / 0.4;
    const green = world.greenSilent !== true && (at >= GREEN_IN + LAG || world.greenWasIn === true);
    const blue = at < BLUE_OUT + 50 + LAG || world.blueStays === true;
    const routed = [...(blue ? ['b1', 'b2'] : []), ...(green ? ['g1', 'g2'] : [])];
    const target = routed[Math.floor(random() * routed.length)] ?? null;
    const isGreen = target?.startsWith('g') === true;
    const dark = at >= 9_000 && at < 9_000 + (world.outageMs ?? 0);
    const gone = !isGreen && at >= stopAt && world.blueStopsAfterMs !== undefined;
    rows.push({
      scheduledAt: at,
      sentAt: at + 0.2,
      endedAt: at + 6,
      remoteIp: '10.0.0.1',
      lane: random() < 0.5 ? 'new' : 'reuse',
      ...(dark || gone || target === null
        ? { status: 503, statusText: 'Service Unavailable: Back-end server is at capacity' }
        : {
            status: 200,
            target,
            version: isGreen ? (world.greenVersion ?? 'v2') : 'v1',
            bootId: `${target}-${isGreen ? 2 : 1}`,
          }),
    });
  }
  return factsOf(scenario, eventsOf(world, rows.length, stopAt), rows);
}

function eventsOf({ deploy = 'complete' }: World, scheduled: number, stopAt: number): RunEvent[] {
  const facts = {
    kind: 'elb-classic',
    name: 'web',
    dnsName: null,
    members: ['i-1', 'i-2'],
    drainingEnabled: true,
    drainTimeoutMs: 60_000,
    idleTimeoutMs: 60_000,
    crossZone: true,
    zones: ['a'],
    healthCheck: null,
  };
  const stage = (
    name: string,
    from: number,
    to: number,
    steps: readonly (readonly [Step, number, number])[],
  ): RunEvent[] => [
    { kind: 'stage-started', at: from, stage: name },
    ...steps.flatMap(([step, at, until], index): RunEvent[] => [
      { kind: 'step-intent', at, stage: name, index, step },
      ...(step.kind === 'attach' || step.kind === 'detach'
        ? [
            {
              kind: 'balancer-call',
              at: until,
              operation: step.kind,
              target: step.target,
              requestedAt: at,
              respondedAt: until,
              error: null,
            } as const,
          ]
        : []),
      ...(step.kind === 'deploy'
        ? [
            {
              kind: 'deploy-ended',
              at: until,
              target: step.target,
              command: ['deploy'],
              startedAt: at,
              exitCode: 0,
              outputTail: '',
              error: null,
            } as const,
          ]
        : []),
      { kind: 'step-done', at: until, stage: name, index, step },
    ]),
    { kind: 'stage-ended', at: to, stage: name, ok: true },
  ];
  const each = (kind: 'attach' | 'detach' | 'deploy', ids: readonly string[], at: number, tookMs: number) =>
    ids.map(
      (target, i) =>
        [
          { kind, target, ...(kind === 'detach' ? { forGood: true } : {}) } as Step,
          at + i * tookMs,
          at + (i + 1) * tookMs - 1,
        ] as const,
    );
  const sleep = (why: 'after-attach' | 'after-detach', target: string, at: number, until: number) =>
    [{ kind: 'sleep', ms: until - at, why, target } as Step, at, until] as const;
  return [
    { kind: 'balancer-facts', at: 0, facts },
    { kind: 'traffic-started', at: 1, source: 'node', warmUpEndsAt: 500 },
    {
      kind: 'generator-health',
      at: 1000,
      source: 'node',
      eventLoopDelayMaxMs: 2,
      sent: 1,
      ended: 1,
      dropped: 0,
      inFlight: 0,
      cpuMs: 10,
    },
    ...stage('green-deploy', DEPLOY, 6_990, each('deploy', ['g1', 'g2'], DEPLOY, 900)),
    ...stage('green-in', GREEN_IN - 60, BLUE_OUT - 60, [
      ...each('attach', ['g1', 'g2'], GREEN_IN - 50, 25),
      sleep('after-attach', 'g2', GREEN_IN + 5, BLUE_OUT - 70),
    ]),
    ...stage('blue-out', BLUE_OUT - 1, stopAt - 5, [
      ...each('detach', ['b1', 'b2'], BLUE_OUT, 25),
      sleep('after-detach', 'b2', BLUE_OUT + 51, stopAt - 10),
    ]),
    ...stage('blue-retire', stopAt - 1, END, each('deploy', ['b1', 'b2'], stopAt, 400)),
    { kind: 'traffic-stopped', at: END + 1_250, source: 'node', scheduled, error: null },
    { kind: 'run-ended', at: END + 1_260, deploy, stillDetached: [], error: null },
  ];
}

const judged = (world: World = {}) => analyze(run(world));

describe('a blue-green deploy', () => {
  it('that went well is a PASS, and says who came and who left', () => {
    const { verdict, replacements, claims, run: info } = judged();
    expect(info.deployMs).toBe(END - DEPLOY);
    expect(verdict, JSON.stringify(verdict)).toMatchObject({ kind: 'PASS', exitCode: 0 });
    expect(verdict.sentence).toMatch(/while g1 and g2 came in with the new version and b1 and b2 left/);
    expect(claims.replaced).toBe('proven');
    expect(claims.sentences.at(-1)).toMatch(/g1 and g2 came in with the new version and b1 and b2 left/);
    expect(replacements.map((r) => [r.target, r.role, r.replaced]).sort()).toEqual([
      ['b1', 'blue', true],
      ['b2', 'blue', true],
      ['g1', 'green', true],
      ['g2', 'green', true],
    ]);
    for (const r of replacements.filter((each) => each.role === 'green'))
      expect(r).toMatchObject({ marginMs: null, drainNeedHiMs: null, inFlightAtDetach: 0, servedOld: 0 });
  });

  it('is judged from its first step on, before anything is detached', () => {
    const { phases, verdict } = judged({ outageMs: 600 });
    expect(verdict).toMatchObject({ kind: 'FAIL', codes: ['DOWNTIME_OBSERVED'] });
    expect(phases.find((p) => p.failed > 0)).toMatchObject({ phase: { id: expect.stringMatching(/^g[12]:settle$/) } });
  });

  it.each<[string, World, string, string, RegExp]>([
    ['blue never left', { blueStays: true }, 'INCONCLUSIVE', 'REPLACEMENT_UNPROVEN', /b1 was not seen to leave/],
    [
      'green never served',
      { greenSilent: true, blueStays: true },
      'INCONCLUSIVE',
      'REPLACEMENT_UNPROVEN',
      /g1 \(green\) was not seen to serve the new version/,
    ],
    [
      'green was in before',
      { greenWasIn: true },
      'INCONCLUSIVE',
      'REPLACEMENT_UNPROVEN',
      /g1 \(green\) was not shown to be out before/,
    ],
    ['green runs the old version', { greenVersion: 'v1' }, 'FAIL', 'STALE_VERSION', /old version/],
    [
      'green runs the old version, named',
      { greenVersion: 'v1', previousVersion: 'v1' },
      'FAIL',
      'STALE_VERSION',
      /old version/,
    ],
    [
      'green runs a version nobody knows',
      { greenVersion: 'v9' },
      'INCONCLUSIVE',
      'REPLACEMENT_UNPROVEN',
      /g1 \(green\) was not seen to serve the new version/,
    ],
    ['the deploy did not complete', { deploy: 'failed' }, 'INCONCLUSIVE', 'DEPLOY_INCOMPLETE', /./],
  ])('in which %s is never a PASS', (_, world, kind, code, words) => {
    const { verdict } = judged(world);
    expect(verdict.kind, JSON.stringify(verdict)).toBe(kind);
    expect(verdict.codes).toContain(code);
    expect(verdict.sentence).toMatch(words);
  });

  it('in which blue is stopped while it is still routed to fails for that', () => {
    const { verdict, outages } = judged({ blueStopsAfterMs: 100 });
    expect(verdict.kind).toBe('FAIL');
    expect(outages.map((o) => o.causes[0].code)).toContain('ROUTED_TO_STOPPED');
  });

  it('whose journal ends before blue left proves nothing', () => {
    const facts = run();
    const cut = { ...facts, events: facts.events.filter((e) => e.at < BLUE_OUT - 10), eventsComplete: false };
    expect(analyze(cut).verdict.kind).toBe('INCONCLUSIVE');
    // Killed with both of blue out: they are named; with their stage ended they are where they belong.
    const killedAt = (at: number) =>
      analyze({ ...facts, events: facts.events.filter((e) => e.at < at), eventsComplete: false }).run.stillDetached;
    expect(killedAt(BLUE_OUT + 100)).toEqual(['b1', 'b2']);
    expect(killedAt(END - 500)).toEqual([]);
  });
});
