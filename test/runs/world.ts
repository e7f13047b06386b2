import type { RunEvent } from '../../src/domain/event.js';
import type { RunFacts } from '../../src/domain/evidence.js';
import type { Policy, Traffic } from '../../src/domain/scenario.js';
import { factsOf, type Row, scenarioOf } from './fact-builder.js';
import { randomOf } from './random.js';

/** A small world with known truth: two targets or more, one balancer, a rolling deploy, and faults to switch on. */
export interface World {
  readonly seed?: number;
  readonly targets?: readonly string[];
  readonly ratePerSecond?: number;
  /** First detach. */
  readonly startMs?: number;
  readonly afterDetachMs?: number;
  readonly afterAttachMs?: number;
  /** From the detach's acknowledgement until nothing more is routed to it. */
  readonly detachLagMs?: number;
  /** From the attach's acknowledgement until it is routed to. */
  readonly attachLagMs?: number;
  /** How long the application takes to be able to serve after it is up; it answers 503 itself meanwhile. */
  readonly readyLagMs?: number;
  /** Whether the application ends its requests before it stops. */
  readonly graceful?: boolean;
  readonly drainingEnabled?: boolean;
  readonly drainTimeoutMs?: number;
  readonly longHoldMs?: number;
  readonly longPerSecond?: number;
  /** Share of requests that fail at any time, made by the application. */
  readonly noise?: number;
  /** Share of the new version's answers that are errors. */
  readonly newVersionFails?: number;
  /** The deploy leaves the old version running. */
  readonly stale?: boolean;
  readonly appMarks?: boolean;
  readonly policy?: Partial<Policy>;
  readonly traffic?: Partial<Traffic>;
}

interface Life {
  readonly target: string;
  readonly detachReq: number;
  readonly detachRes: number;
  readonly outAt: number;
  readonly deployAt: number;
  readonly stopAt: number;
  readonly upAt: number;
  readonly readyAt: number;
  readonly attachReq: number;
  readonly attachRes: number;
  readonly inAt: number;
  readonly endAt: number;
}

const DEFAULTS = {
  seed: 1,
  targets: ['s1', 's2'] as readonly string[],
  ratePerSecond: 400,
  startMs: 5000,
  afterDetachMs: 2000,
  afterAttachMs: 2000,
  detachLagMs: 400,
  attachLagMs: 300,
  readyLagMs: 0,
  graceful: true,
  drainingEnabled: true,
  drainTimeoutMs: 60_000,
  longHoldMs: 600,
  longPerSecond: 20,
  noise: 0,
  newVersionFails: 0,
  stale: false,
  appMarks: true,
  policy: {},
  traffic: {},
};
type Full = typeof DEFAULTS;

const SETTLE = 1000;
const DEPLOY = 1000;

/** The facts of one run in that world. */
export function worldRun(world: World = {}): RunFacts {
  const w: Full = { ...DEFAULTS, ...world } as Full;
  const lives = livesOf(w);
  const scenario = scenarioOf({
    targets: w.targets,
    afterDetachMs: w.afterDetachMs,
    afterAttachMs: w.afterAttachMs,
    policy: w.policy,
    traffic: {
      ratePerSecond: w.ratePerSecond,
      settleMs: SETTLE,
      lanes: {
        newWeight: 1,
        reuseWeight: 1,
        long: { ratePerSecond: w.longPerSecond, path: '/', minHoldMs: w.longHoldMs, maxHoldMs: w.longHoldMs },
      },
      ...w.traffic,
    },
  });
  const rows = arrivals(w, lives);
  return factsOf(scenario, eventsOf(w, lives, rows.length), rows);
}

function livesOf(w: Full): readonly Life[] {
  let at = w.startMs;
  return w.targets.map((target) => {
    const detachReq = at;
    const detachRes = at + 40;
    const deployAt = detachRes + 5 + w.afterDetachMs;
    const stopAt = deployAt + 50;
    const upAt = deployAt + DEPLOY - 50;
    const attachReq = deployAt + DEPLOY + 5;
    const attachRes = attachReq + 40;
    at = attachRes + 5 + w.afterAttachMs;
    return {
      target,
      detachReq,
      detachRes,
      outAt: detachRes + w.detachLagMs,
      deployAt,
      stopAt,
      upAt,
      readyAt: upAt + w.readyLagMs,
      attachReq,
      attachRes,
      inAt: attachRes + w.attachLagMs,
      endAt: at,
    };
  });
}

function arrivals(w: Full, lives: readonly Life[]): readonly Row[] {
  const random = randomOf(w.seed);
  const end = (lives.at(-1)?.endAt ?? 0) + SETTLE + 200;
  const rows: Row[] = [];
  for (let k = 0; k < (end * w.ratePerSecond) / 1000; k++) {
    const scheduledAt = ((k + random()) * 1000) / w.ratePerSecond;
    const took = 4 + 6 * random();
    rows.push({ ...answer(w, lives, scheduledAt, took, random), lane: random() < 0.5 ? 'new' : 'reuse' });
  }
  for (let k = 0; k < (end * w.longPerSecond) / 1000; k++) {
    const scheduledAt = ((k + random()) * 1000) / w.longPerSecond;
    rows.push({ ...answer(w, lives, scheduledAt, w.longHoldMs, random), lane: 'long' });
  }
  return rows.sort((a, b) => a.scheduledAt - b.scheduledAt);
}

/** What becomes of one request sent at that moment. */
function answer(w: Full, lives: readonly Life[], at: number, took: number, random: () => number): Row {
  const routed = lives.filter((life) => at < life.outAt || at >= life.inAt);
  const life = routed[Math.floor(random() * routed.length)];
  const sent = { scheduledAt: at, sentAt: at + 0.2, remoteIp: '10.0.0.1' };
  const atCapacity = { status: 503, statusText: 'Service Unavailable: Back-end server is at capacity' };
  const gateway = { status: 504, statusText: 'GATEWAY_TIMEOUT' };
  if (life === undefined) return { ...sent, endedAt: at + 1, ...atCapacity };
  const isNew = at >= life.upAt && !w.stale;
  const stamp = {
    target: life.target,
    version: isNew ? 'v2' : 'v1',
    bootId: `${life.target}-${at >= life.upAt && !w.stale ? 2 : 1}`,
  };
  if (at >= life.stopAt && at < life.upAt) return { ...sent, endedAt: at + 1.5, ...atCapacity };
  if (at >= life.upAt && at < life.readyAt)
    return { ...sent, endedAt: at + 1, status: 503, statusText: 'starting', ...stamp };
  const cutAt = life.outAt + (w.drainingEnabled ? w.drainTimeoutMs : 0);
  if (at < life.outAt && at + took > cutAt && cutAt < life.stopAt) return { ...sent, endedAt: cutAt, ...gateway };
  if (!w.graceful && at < life.stopAt && at + took > life.stopAt)
    return { ...sent, endedAt: life.stopAt + 0.5, ...gateway };
  const fails = random() < w.noise || (isNew && random() < w.newVersionFails);
  return { ...sent, endedAt: at + took, ...stamp, status: fails ? 500 : 200 };
}

function eventsOf(w: Full, lives: readonly Life[], scheduled: number): readonly RunEvent[] {
  const facts = {
    kind: 'elb-classic',
    name: 'web',
    dnsName: null,
    members: ['i-1', 'i-2'],
    drainingEnabled: w.drainingEnabled,
    drainTimeoutMs: w.drainTimeoutMs,
    idleTimeoutMs: 60_000,
    crossZone: true,
    zones: ['a'],
    healthCheck: null,
  };
  const end = (lives.at(-1)?.endAt ?? 0) + SETTLE + 300;
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
    ...lives.flatMap((life, i) => lifeEvents(w, life, i * 5)),
    { kind: 'traffic-stopped', at: end, source: 'node', scheduled, error: null },
    { kind: 'run-ended', at: end + 1, deploy: 'complete', stillDetached: [], error: null },
  ];
}

function lifeEvents(w: Full, life: Life, first: number): readonly RunEvent[] {
  const { target } = life;
  const stage = `roll ${target}`;
  const steps = [
    [{ kind: 'detach', target }, life.detachReq, life.detachRes],
    [{ kind: 'sleep', ms: w.afterDetachMs, why: 'after-detach', target }, life.detachRes + 1, life.deployAt - 1],
    [{ kind: 'deploy', target }, life.deployAt, life.attachReq - 5],
    [{ kind: 'attach', target }, life.attachReq, life.attachRes],
    [{ kind: 'sleep', ms: w.afterAttachMs, why: 'after-attach', target }, life.attachRes + 1, life.endAt - 1],
  ] as const;
  const call = (operation: 'detach' | 'attach', requestedAt: number, respondedAt: number): RunEvent => ({
    kind: 'balancer-call',
    at: respondedAt,
    operation,
    target,
    requestedAt,
    respondedAt,
    error: null,
  });
  const app = (what: 'stopping' | 'down' | 'up', at: number): RunEvent => ({
    kind: 'app-observed',
    at,
    target,
    what,
    via: 'mark',
  });
  const marks = w.appMarks ? [app('stopping', life.stopAt), app('down', life.stopAt), app('up', life.upAt)] : [];
  const events: RunEvent[] = [
    { kind: 'stage-started', at: life.detachReq, stage },
    ...steps.flatMap(([step, from, to], i): RunEvent[] => [
      { kind: 'step-intent', at: from, stage, index: first + i, step },
      { kind: 'step-done', at: to, stage, index: first + i, step },
    ]),
    call('detach', life.detachReq, life.detachRes),
    ...marks,
    {
      kind: 'deploy-ended',
      at: life.attachReq - 5,
      target,
      command: ['deploy'],
      startedAt: life.deployAt,
      exitCode: 0,
      outputTail: 'ok',
      error: null,
    },
    call('attach', life.attachReq, life.attachRes),
    { kind: 'stage-ended', at: life.endAt, stage, ok: true },
  ];
  return events
    .map((event, i) => ({ event, i }))
    .sort((a, b) => a.event.at - b.event.at || a.i - b.i)
    .map(({ event }) => event);
}
