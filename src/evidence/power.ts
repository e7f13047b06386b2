import type { Scenario } from '../domain/scenario.js';
import { zeroFailureN } from '../stats/binomial.js';
import { mStar } from '../stats/detection.js';
import { lanePowers } from './power-lanes.js';
import { type PowerFigures, type PowerProblem, powerProblems, powerWarnings } from './power-problems.js';

export type { LanePower } from './power-lanes.js';
export type { PowerFigures, PowerProblem } from './power-problems.js';

/** The power check of verdict.md §7, from the scenario alone. */
export interface Power extends PowerFigures {
  /** False: the run cannot PASS, so it should not touch a server. */
  readonly canPass: boolean;
  readonly problems: readonly PowerProblem[];
  readonly warnings: readonly PowerProblem[];
}

/** Requests that must all succeed for row 10 of the verdict table. */
function requestsNeeded({ policy }: Scenario): number {
  return policy.mode === 'attributed'
    ? zeroFailureN(policy.delta, policy.alpha / 2)
    : zeroFailureN(1 - policy.slo, policy.alpha);
}

/**
 * What the scenario's traffic can prove over a deploy of `window.deployMs` (first detach to the end of the last
 * stage; the settle time is added here). Pure: `plan` prints it, `run` refuses by it before touching a server.
 */
export function powerOf(scenario: Scenario, window: { readonly deployMs: number }): Power {
  const { traffic } = scenario;
  const targets = scenario.targets.length;
  const deployMs = Math.max(0, window.deployMs);
  const windowMs = deployMs + traffic.settleMs;
  const lanes = lanePowers(scenario, windowMs, traffic.ratePerSecond);
  const long = traffic.lanes.long;
  const perMs = (traffic.ratePerSecond + (long?.ratePerSecond ?? 0)) / 1000;
  const holdMs = long === null ? 0 : (long.minHoldMs + long.maxHoldMs) / 2;
  const figures: PowerFigures = {
    lanes,
    windowMs,
    requestsExpected: Math.floor(perMs * windowMs + 1e-9),
    requestsNeeded: requestsNeeded(scenario),
    baselineExpected: Math.floor(perMs * traffic.baselineMs + 1e-9),
    baselineNeeded: scenario.policy.gates.minBaseline,
    longInFlightPerTarget: ((long?.ratePerSecond ?? 0) * holdMs) / 1000 / targets,
    connectionsPerSecond: lanes.find(({ lane }) => lane === 'new')?.ratePerSecond ?? 0,
    // No target is out for longer than its equal part of the deploy.
    silentExpected: Math.floor((perMs * deployMs) / targets + 1e-9),
    silentNeeded: mStar(1 / targets, 0.001),
  };
  const problems = powerProblems(scenario, figures);
  return { ...figures, canPass: problems.length === 0, problems, warnings: powerWarnings(scenario, figures) };
}
