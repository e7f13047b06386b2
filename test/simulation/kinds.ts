import { CAUSE_KINDS } from './cause-kinds.js';
import { GENERATOR_KINDS } from './generator-kinds.js';
import { always, type Kind, kindOf, NOTHING, never } from './kind.js';
import { logWithin, oneOf, type Random, within } from './random.js';
import { healthyWorld, LATE_MS, type World } from './world.js';

const TOTAL_ANSWERS = ['refused', 'reset', 'timeout', 'capacity', 'unsigned502', 'tls', 'truncated'] as const;
const TARGET_ANSWERS = ['appError', 'gatewayTimeout', 'unsigned502', 'reset', 'timeout', 'truncated'] as const;

/** The shortest outage that jittered arrivals cannot miss, ms: two slots, and what a send may be late by. */
function slotsMs(world: World): number {
  return 2000 / (world.ratePerSecond + world.longPerSecond) + LATE_MS;
}

function totalOutage(random: Random, shortest: (world: World) => number, longest: (world: World) => number): World {
  const world = healthyWorld(random);
  const ms = logWithin(random, shortest(world), longest(world));
  return { ...world, outage: { ms, scope: 'total', answer: oneOf(random, TOTAL_ANSWERS) } };
}

function targetOutage(random: Random, longestMs: number, change: Partial<World>): World {
  const ms = logWithin(random, 2, longestMs);
  const outage = { ms, scope: 'target', answer: oneOf(random, TARGET_ANSWERS) } as const;
  return { ...healthyWorld(random, change), outage };
}

function shortSleep(random: Random, fromMs: number, toMs: number, everyNode: boolean, change: Partial<World> = {}) {
  const byMs = logWithin(random, fromMs, toMs);
  const size = everyNode ? { targets: oneOf(random, [2, 3]), nodes: oneOf(random, [1, 2]) } : { nodes: 3 };
  return healthyWorld(random, { ...size, shortSleep: { byMs, everyNode }, ...change });
}

const DEPLOY_KINDS: readonly Kind[] = [
  kindOf({
    name: 'clean',
    what: 'nothing fails; 2–4 targets, 1–3 nodes, all routings',
    draw: (random) => healthyWorld(random),
    demand: 'always PASS',
    isWrong: (verdict) => verdict !== 'PASS',
  }),
  kindOf({
    name: 'clean-one-node',
    what: 'nothing fails; one node, random routing: the model of the lag bounds',
    draw: (random) => healthyWorld(random, { nodes: 1, routing: 'random' }),
    measures: { ...NOTHING, lags: true, bound: true },
    ...never('FAIL'),
  }),
  kindOf({
    name: 'clean-nodes',
    what: 'nothing fails; two or three nodes with lags of their own, random routing',
    draw: (random) => healthyWorld(random, { nodes: oneOf(random, [2, 3]), routing: 'random' }),
    measures: { ...NOTHING, lags: true },
    ...never('FAIL'),
  }),
  kindOf({
    name: 'clean-skew',
    what: 'nothing fails; journal up to ±40 ms and application marks up to ±300 ms off',
    draw: (random) =>
      healthyWorld(random, {
        clockSkewMs: within(random, -40, 40),
        markSkewMs: within(random, -300, 300),
        hasAppMarks: true,
      }),
    ...never('FAIL'),
  }),
  kindOf({
    name: 'total-short',
    what: 'total outage from 1 ms to 2/λ: may fall between two arrivals',
    draw: (random) => totalOutage(random, () => 1, slotsMs),
  }),
  kindOf({
    name: 'total',
    what: 'total outage from 2/λ to 500 ms',
    draw: (random) => totalOutage(random, slotsMs, () => 500),
    measures: { ...NOTHING, windows: true, bound: true },
    ...never('PASS'),
  }),
  kindOf({
    name: 'partial',
    what: 'outage of one target, 2–500 ms; one node, random routing',
    draw: (random) => targetOutage(random, 500, { nodes: 1, routing: 'random' }),
    measures: { ...NOTHING, windows: true, bound: true },
    demand: 'PASS ≤ 1 % if longer than the claim',
    isWrong: (verdict, { outageMs }, { claims }) =>
      outageMs > (claims.targetOutageMs ?? 0) ? verdict === 'PASS' : null,
    tolerated: 0.01,
  }),
  kindOf({
    name: 'partial-any',
    what: 'the same with 1–3 nodes and any routing',
    draw: (random) => targetOutage(random, 500, {}),
    demand: 'PASS ≤ 1 % if longer than the claim',
    isWrong: (verdict, { outageMs }, { claims }) =>
      outageMs > (claims.targetOutageMs ?? 0) ? verdict === 'PASS' : null,
    tolerated: 0.01,
  }),
  kindOf({
    name: 'sleep-2-50',
    what: 'sleep 2–50 ms too short',
    draw: (random) => shortSleep(random, 2, 50, true),
    cause: 'ROUTED_TO_STOPPED',
  }),
  kindOf({
    name: 'sleep-50-200',
    what: 'sleep 50–200 ms too short on every node',
    draw: (random) => shortSleep(random, 50, 200, true),
    cause: 'ROUTED_TO_STOPPED',
    ...never('PASS'),
  }),
  kindOf({
    name: 'sleep-one-node',
    what: 'sleep 50–200 ms too short on one of three nodes',
    draw: (random) => shortSleep(random, 50, 200, false),
    cause: 'ROUTED_TO_STOPPED',
    // A request meets it with 1/(targets × nodes): no claim speaks of that, and what none met nobody can have seen.
    demand: 'no PASS once a request failed',
    isWrong: (verdict, { failed }) => (failed > 0 ? verdict === 'PASS' : null),
  }),
  kindOf({
    name: 'sleep-passed-on',
    what: 'sleep 50–200 ms too short behind a balancer that passes connections through',
    draw: (random) =>
      shortSleep(random, 50, 200, true, { passesThrough: true, deadAnswer: oneOf(random, ['refused', 'reset']) }),
    cause: 'ROUTED_TO_STOPPED',
    ...never('PASS'),
  }),
  kindOf({
    name: 'sleep-skew',
    what: 'sleep 50–200 ms too short; journal up to ±40 ms off',
    draw: (random) => shortSleep(random, 50, 200, true, { clockSkewMs: within(random, -40, 40) }),
    ...never('PASS'),
  }),
  kindOf({
    name: 'stale',
    what: 'the deploy succeeds, the old version comes back',
    draw: (random) => healthyWorld(random, { replacement: 'stale' }),
    ...always('FAIL'),
  }),
  ...(['noop-same-version', 'noop-no-boot', 'never-leaves'] as const).map((replacement) =>
    kindOf({
      name: replacement,
      what: {
        'noop-same-version': 'same version again, and the process was never replaced',
        'noop-no-boot': 'the same, and no response says which process made it',
        'never-leaves': 'replaced, but it was never out of rotation',
      }[replacement],
      draw: (random) => healthyWorld(random, { replacement }),
      ...always('INCONCLUSIVE'),
    }),
  ),
];

/** Everything that is simulated, in the order of the table. */
export const KINDS: readonly Kind[] = [...DEPLOY_KINDS, ...GENERATOR_KINDS, ...CAUSE_KINDS];
