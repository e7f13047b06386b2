import type { PhaseKind } from '../../src/domain/phase.js';
import type { StateSpan, StepSpan, Timeline } from '../../src/domain/result.js';
import { DEFAULT_POLICY, type Scenario } from '../../src/domain/scenario.js';

/** One target's way through the made-up deploy, instants in ms. */
export interface Passage {
  readonly id: string;
  readonly detachAt: number;
  readonly detachedAt: number;
  readonly deployAt: number;
  readonly appStoppingAt: number;
  readonly appDownAt: number;
  readonly appUpAt: number;
  readonly appReadyAt: number;
  readonly deployedAt: number;
  readonly attachAt: number;
  readonly attachedAt: number;
  readonly drainedAt: number;
  readonly healthyAt: number;
  readonly sleptUntil: number;
}

export function passage(id: string, detachAt: number, sleepAfterDetachMs: number, lagMs: number): Passage {
  const detachedAt = detachAt + 45;
  const deployAt = detachedAt + sleepAfterDetachMs;
  const attachAt = deployAt + 3765;
  return {
    id,
    detachAt,
    detachedAt,
    deployAt,
    appStoppingAt: deployAt + 60,
    appDownAt: deployAt + 110,
    appUpAt: deployAt + 2900,
    appReadyAt: deployAt + 3500,
    deployedAt: deployAt + 3755,
    attachAt,
    attachedAt: attachAt + 40,
    drainedAt: detachedAt + lagMs + 400,
    healthyAt: attachAt + 40 + 2600,
    sleptUntil: attachAt + 40 + 6000,
  };
}

const sleepLabel = (ms: number): string => `sleep ${ms / 1000} s`;

export function stepsOf(first: Passage, second: Passage): readonly StepSpan[] {
  const step = (
    stage: string,
    index: number,
    kind: StepSpan['kind'],
    target: string,
    from: number,
    to: number,
  ): StepSpan => ({
    stage,
    index,
    kind,
    target,
    from,
    to,
    label: kind === 'sleep' ? sleepLabel(to - from) : `${kind} ${target}`,
    state: 'done',
    error: null,
  });
  const out = (p: Passage, stage: string) => [
    step(stage, 0, 'detach', p.id, p.detachAt, p.detachedAt),
    step(stage, 1, 'sleep', p.id, p.detachedAt, p.deployAt),
    step(stage, 2, 'deploy', p.id, p.deployAt, p.deployedAt),
  ];
  const back = (p: Passage, stage: string, index: number) => [
    step(stage, index, 'attach', p.id, p.attachAt, p.attachedAt),
    step(stage, index + 1, 'sleep', p.id, p.attachedAt, p.sleptUntil),
  ];
  return [
    ...out(first, 'staging-1-out'),
    ...back(first, 'staging-1-in', 0),
    ...out(second, 'staging-2'),
    ...back(second, 'staging-2', 3),
  ];
}

export function reportedStates(p: Passage, durationMs: number): readonly StateSpan[] {
  return [
    { from: 0, to: p.detachedAt + 30, state: 'healthy', description: 'N/A' },
    {
      from: p.detachedAt + 30,
      to: p.drainedAt,
      state: 'draining',
      description: 'Instance deregistration currently in progress.',
    },
    { from: p.drainedAt, to: p.attachedAt + 20, state: 'unused', description: 'Not registered' },
    {
      from: p.attachedAt + 20,
      to: p.healthyAt,
      state: 'initial',
      description: 'Instance registration is still in progress.',
    },
    { from: p.healthyAt, to: durationMs, state: 'healthy', description: 'N/A' },
  ];
}

export function timelineOf(first: Passage, second: Passage, durationMs: number): Timeline {
  return {
    stages: [
      { name: 'staging-1-out', span: { from: first.detachAt, to: first.deployedAt }, ok: true },
      { name: 'staging-1-in', span: { from: first.attachAt, to: first.sleptUntil }, ok: true },
      { name: 'staging-2', span: { from: second.detachAt, to: second.sleptUntil }, ok: true },
    ],
    steps: stepsOf(first, second),
    targets: [first, second].map((p) => ({
      target: p.id,
      reported: reportedStates(p, durationMs),
      app: [
        { at: p.appStoppingAt, what: 'stopping' as const },
        { at: p.appDownAt, what: 'down' as const },
        { at: p.appUpAt, what: 'up' as const },
        { at: p.appReadyAt, what: 'ready' as const },
      ],
    })),
    calls: [first, second].flatMap((p) => [
      {
        operation: 'detach' as const,
        target: p.id,
        requestedAt: p.detachAt + 4,
        respondedAt: p.detachedAt,
        error: null,
      },
      {
        operation: 'attach' as const,
        target: p.id,
        requestedAt: p.attachAt + 3,
        respondedAt: p.attachedAt,
        error: null,
      },
    ]),
    deploys: [first, second].map((p) => ({
      target: p.id,
      command: ['rollproof', 'lab', 'deploy', p.id, '--version', '2.0.0'],
      startedAt: p.deployAt,
      endedAt: p.deployedAt,
      exitCode: 0,
      outputTail: `stopping app on ${p.id}\ninstalling 2.0.0\nstarting app\nready after 3.5 s\n`,
      error: null,
    })),
    notes: [],
  };
}

/** `[from, to, id, kind, target]` of every phase, tiling the run. */
export function phaseSpans(
  first: Passage,
  second: Passage,
  endMs: number,
): readonly (readonly [number, number, PhaseKind, string | null])[] {
  const of = (p: Passage, end: number) =>
    [
      [p.detachAt, p.detachedAt, 'detach', p.id],
      [p.detachedAt, p.deployAt, 'drain', p.id],
      [p.deployAt, p.appDownAt, 'stopping', p.id],
      [p.appDownAt, p.appUpAt, 'down', p.id],
      [p.appUpAt, p.attachAt, 'ready', p.id],
      [p.attachAt, p.attachedAt, 'attach', p.id],
      [p.attachedAt, end, 'settle', p.id],
    ] as const;
  return [[3000, first.detachAt, 'baseline', null], ...of(first, second.detachAt), ...of(second, endMs)];
}

export function scenarioOf(sleepAfterDetachMs: number, ratePerSecond: number): Scenario {
  return {
    name: 'checkout',
    description: 'Rolling deploy of checkout over two servers behind one Classic ELB.',
    environment: 'lab',
    service: {
      url: 'http://checkout.lab/',
      method: 'GET',
      headers: { 'x-trace': 'rollproof' },
      body: null,
      ok: { status: [[200, 399]], bodyContains: null },
      identity: { target: 'x-target', version: 'x-version', bootId: 'x-boot-id' },
    },
    balancer: { kind: 'lab', name: 'checkout-lb', preset: 'aws-like', seed: 7, knobs: { detachLagMs: [400, 2600] } },
    targets: [
      { id: 'staging-1', instance: 'i-0a1b2c3d4e5f60001' },
      { id: 'staging-2', instance: 'i-0a1b2c3d4e5f60002' },
    ],
    rollout: {
      strategy: 'rolling',
      stages: [],
      sleep: { afterDetachMs: sleepAfterDetachMs, afterAttachMs: 6000 },
      wait: 'sleep',
      awaitTimeoutMs: 120_000,
      minInService: 1,
      deploy: {
        kind: 'command',
        command: ['rollproof', 'lab', 'deploy'],
        shell: false,
        timeoutMs: 300_000,
        env: { DEPLOY_TOKEN: '<redacted>' },
        cwd: null,
      },
      version: '2.0.0',
      previousVersion: '1.9.3',
    },
    traffic: {
      engine: 'embedded',
      ratePerSecond,
      lanes: { newWeight: 1, reuseWeight: 1, long: null },
      timeoutMs: 10_000,
      warmUpMs: 3000,
      baselineMs: 5000,
      settleMs: 2000,
      maxInFlight: null,
      seed: 42,
      tls: { caFile: null, serverName: null, insecure: false },
      resolve: {},
      injectStall: null,
    },
    policy: DEFAULT_POLICY,
    expect: null,
  };
}
