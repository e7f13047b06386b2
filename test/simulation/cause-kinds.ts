import type { CauseCode } from '../../src/domain/outage.js';
import { DEFAULT_POLICY } from '../../src/domain/scenario.js';
import type { AnswerKind } from './answers.js';
import { type Kind, kindOf, never } from './kind.js';
import { logWithin, oneOf, type Random, within } from './random.js';
import { healthyWorld, type World } from './world.js';

/** A kind in which a run never passes once a request failed, and everything that fails has one cause. */
function caused(name: string, cause: CauseCode, what: string, draw: (random: Random) => World): Kind {
  return kindOf({
    name,
    what,
    draw,
    cause,
    demand: 'no PASS once a request failed',
    isWrong: (verdict, truth) => (truth.failed > 0 ? verdict === 'PASS' : null),
  });
}

const QUICK = ['appError', 'gatewayTimeout', 'unsigned502', 'reset'] as const;

function noise(
  name: string,
  what: string,
  [from, to]: readonly [number, number],
  answers: readonly [AnswerKind, ...AnswerKind[]],
  demanded: Partial<Kind>,
  change: Partial<World> = {},
): Kind {
  return kindOf({
    ...demanded,
    name,
    what,
    draw: (random) => ({
      ...healthyWorld(random, change),
      noise: {
        share: logWithin(random, from, to),
        answer: oneOf(random, answers),
        reuseOnly: false,
      },
    }),
    noDeployCause: true,
  });
}

function noisyShortSleep(random: Random, change: Partial<World>): World {
  return healthyWorld(random, {
    targets: oneOf(random, [2, 3]),
    nodes: oneOf(random, [1, 2]),
    shortSleep: { byMs: logWithin(random, 50, 200), everyNode: true },
    noise: { share: logWithin(random, 0.005, 0.02), answer: oneOf(random, QUICK), reuseOnly: false },
    ...change,
  });
}

/**
 * Row 2 of verdict.md §7 calls noise downtime where the exact test against the baseline gives p ≤ policy.excessAlpha, by
 * its own level in up to 1 % of noisy runs. The count is binomial about that level, so it is held to it at 3 σ, as the
 * coverage of an interval is. Strict mode excuses nothing that was never seen before the deploy.
 */
const FEW_ALARMS: Partial<Kind> = {
  demand: 'FAIL ≤ 1 % + 3 σ where it failed before',
  isWrong: (verdict, _truth, { counts }) => (counts.baselineFailed > 0 ? verdict === 'FAIL' : null),
  tolerated: DEFAULT_POLICY.excessAlpha,
  toleratedSigmas: 3,
};

/** One known cause each, and failures that have none in the deploy. */
export const CAUSE_KINDS: readonly Kind[] = [
  caused('inflight-cut', 'INFLIGHT_CUT', 'the application stops without waiting for what it serves', (random) =>
    healthyWorld(random, { isGraceful: false, longPerSecond: 20, longHoldMs: [900, 1600] }),
  ),
  caused('nobody-in-service', 'NO_HEALTHY_INSTANCE', 'the next target leaves before the one before is back', (random) =>
    healthyWorld(random, { targets: 2, nodes: 1, attachLagMs: [1500, 2200], detachLagMs: [20, 200] }),
  ),
  caused(
    'next-too-early',
    'NEXT_DETACH_TOO_EARLY',
    'two of three targets out at once, the third cannot cope',
    (random) =>
      healthyWorld(random, {
        targets: 3,
        nodes: 1,
        routing: 'random',
        attachLagMs: [1300, 1700],
        detachLagMs: [20, 200],
        overload: { below: 2, share: within(random, 0.1, 0.6), answer: oneOf(random, ['appBusy', 'timeout']) },
      }),
  ),
  caused('drain-limit', 'DRAIN_TIMEOUT', 'the drain limit is shorter than the requests, or draining is off', (random) =>
    healthyWorld(random, {
      drainLimitMs: oneOf(random, [0, 250, 400]),
      longHoldMs: [600, 900],
      longPerSecond: 30,
      detachLagMs: [20, 150],
      afterDetachMs: 1300,
    }),
  ),
  caused('attached-too-early', 'ATTACHED_TOO_EARLY', 'attached 100–600 ms before it can serve', (random) => {
    const lag = within(random, 10, 100);
    return healthyWorld(random, { attachLagMs: [10, lag], readyLagMs: lag + 160 + within(random, 50, 450) });
  }),
  caused('new-version-fails', 'NEW_VERSION_ERRORS', '1–50 % of the new version’s answers are errors', (random) =>
    healthyWorld(random, { newVersionFails: logWithin(random, 0.01, 0.5) }),
  ),
  caused('capacity-dip', 'CAPACITY_DIP', 'with one target out, 2–30 % of the answers are 503 or late', (random) =>
    healthyWorld(random, {
      targets: 2,
      routing: 'random',
      overload: { below: 2, share: logWithin(random, 0.02, 0.3), answer: oneOf(random, ['appBusy', 'timeout']) },
    }),
  ),
  caused('old-version-fails', 'OLD_NEW_INCOMPATIBLE', 'the old version fails once the new one is there', (random) =>
    healthyWorld(random, { oldVersionFails: logWithin(random, 0.02, 0.5) }),
  ),
  caused('lb-endpoint', 'LB_ENDPOINT', 'the balancer’s address does not take connections for 20–800 ms', (random) =>
    healthyWorld(random, {
      outage: {
        ms: logWithin(random, 20, 800),
        scope: 'total',
        answer: oneOf(random, ['refused', 'tls', 'connectTimeout']),
      },
    }),
  ),
  caused('lb-endpoint-passed-on', 'LB_ENDPOINT', 'the same, and connections are passed through', (random) =>
    healthyWorld(random, {
      passesThrough: true,
      outage: { ms: logWithin(random, 20, 800), scope: 'total', answer: oneOf(random, ['refused', 'tls']) },
    }),
  ),
  caused('keepalive-race', 'KEEPALIVE_RACE', '0.5–2 % of the requests on used connections are reset', (random) => ({
    ...healthyWorld(random),
    noise: { share: logWithin(random, 0.005, 0.02), answer: 'reset', reuseOnly: true },
  })),
  noise('noise', 'background noise: 0.5–2 % of all requests fail, deploy or not', [0.005, 0.02], QUICK, FEW_ALARMS),
  noise('noise-timeouts', 'the same, and what fails is timeouts of 1.5 s', [0.005, 0.02], ['timeout'], FEW_ALARMS),
  noise('noise-attributed', 'noise judged with policy.mode attributed', [0.005, 0.02], QUICK, FEW_ALARMS, {
    policy: { mode: 'attributed', delta: 0.02 },
  }),
  kindOf({
    name: 'noise-sleep',
    what: 'the same noise, and the sleep 50–200 ms too short',
    draw: (random) => noisyShortSleep(random, {}),
    ...never('PASS'),
  }),
  kindOf({
    name: 'noise-sleep-attributed',
    what: 'the same in mode attributed; the balancer signs what it answers for the stopped target',
    draw: (random) =>
      noisyShortSleep(random, {
        policy: { mode: 'attributed', delta: 0.02 },
        deadAnswer: oneOf(random, ['gatewayTimeout', 'capacity']),
      }),
    demand: 'FAIL ≥ 99 %',
    isWrong: (verdict) => verdict !== 'FAIL',
    tolerated: 0.01,
  }),
  noise(
    'noise-rare',
    'background noise of 0.001–0.1 %: mostly unseen before the deploy',
    [0.00001, 0.001],
    QUICK,
    FEW_ALARMS,
  ),
];
