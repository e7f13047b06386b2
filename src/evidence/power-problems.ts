import { lanesNotRun, notRunText, notRunWays } from '../domain/lane-sight.js';
import type { Scenario } from '../domain/scenario.js';
import type { VerdictCode } from '../domain/verdict.js';
import { isResolved, type LanePower, resolvingRate } from './power-lanes.js';

/** Why this traffic cannot end in PASS, whatever the deploy does; or what it will hardly show. */
export interface PowerProblem {
  /** The verdict code the run would end in. */
  readonly code: VerdictCode;
  readonly message: string;
  readonly hint: string;
}

/** The figures the power check rests on. */
export interface PowerFigures {
  readonly lanes: readonly LanePower[];
  /** Expected length of the judged window. */
  readonly windowMs: number;
  /** Arrivals of all lanes in the judged window, and how many it takes without any failure. */
  readonly requestsExpected: number;
  readonly requestsNeeded: number;
  readonly baselineExpected: number;
  readonly baselineNeeded: number;
  /** Mean number of long requests in flight on one target when it is detached (Little's law). */
  readonly longInFlightPerTarget: number;
  /** New connections per second of the lane `new`. */
  readonly connectionsPerSecond: number;
  /** Requests sent while one target is out (at most), and how many must miss it to show that it left. */
  readonly silentExpected: number;
  readonly silentNeeded: number;
}

/** e^−4.6 = 1 %: the chance that no long request is in flight on a target when it is detached. */
const LONG_IN_FLIGHT_NEEDED = 4.6;
/** 80 % of 28 232 ephemeral ports over 60 s of TIME_WAIT. */
const CONNECTIONS_WARNED_FROM = 376;
/** A resolution met less often than this is refused: the deploy would be a deploy without an answer. */
const HOPELESS = 0.01;
/** Requests in flight at the first detach do not count for the baseline. */
const BASELINE_SPARE = 1.02;

/** A figure in at most three digits, rounded up from 100 on: a need must not be rounded away. */
function shown(value: number): string {
  if (!Number.isFinite(value)) return 'endlessly many';
  return value >= 100 ? String(Math.ceil(value)) : String(Number(value.toPrecision(3)));
}

function resolutionProblem(scenario: Scenario, figures: PowerFigures, lane: LanePower): PowerProblem {
  const { fullOutageMs, targetOutageMs } = scenario.policy;
  const isTotal = lane.totalOutageMs / fullOutageMs >= lane.targetOutageMs / targetOutageMs;
  const what = isTotal ? 'total outages' : `outages of one target in ${scenario.targets.length}`;
  const best = isTotal ? lane.totalOutageMs : lane.targetOutageMs;
  const limit = isTotal ? fullOutageMs : targetOutageMs;
  const rate = resolvingRate(scenario, figures.windowMs);
  const chance = Math.floor(lane.resolutionChance * 100);
  const odds = best > limit ? '' : `, met in about ${chance < 1 ? 'no run' : `${chance} of 100 runs`} of this length`;
  return {
    code: 'LOW_RESOLUTION',
    message:
      `lane ${lane.lane} at ${shown(lane.ratePerSecond)}/s sees ${what} from ${shown(best)} ms on at best; ` +
      `the policy asks for ${shown(limit)} ms${odds}`,
    hint: `raise traffic.rate to ${rate} per second, or the policy's ${isTotal ? 'full' : 'target'} outage limit`,
  };
}

function isHopeless(scenario: Scenario, lane: LanePower): boolean {
  const { fullOutageMs, targetOutageMs } = scenario.policy;
  return lane.totalOutageMs > fullOutageMs || lane.targetOutageMs > targetOutageMs || lane.resolutionChance < HOPELESS;
}

function baselineProblem(scenario: Scenario, figures: PowerFigures): PowerProblem {
  const perSecond = (figures.baselineExpected * 1000) / Math.max(1, scenario.traffic.baselineMs);
  const seconds = Math.ceil((figures.baselineNeeded * BASELINE_SPARE) / perSecond);
  return {
    code: 'BASELINE_SHORT',
    message: `${figures.baselineExpected} requests are expected before the deploy, ${figures.baselineNeeded} must have ended`,
    hint: Number.isFinite(seconds)
      ? `set traffic.baseline to at least ${seconds} s, or raise traffic.rate`
      : 'set traffic.rate and traffic.baseline',
  };
}

function isDrainThin(figures: PowerFigures): boolean {
  return figures.longInFlightPerTarget < LONG_IN_FLIGHT_NEEDED;
}

function drainProblem(figures: PowerFigures): PowerProblem {
  return {
    code: 'DRAIN_NOT_EXERCISED',
    message:
      `on average ${shown(figures.longInFlightPerTarget)} long requests are in flight on a target when it is detached; ` +
      `below ${LONG_IN_FLIGHT_NEEDED} a cut may go unseen`,
    hint: 'add traffic.lanes.long, raise its rate, or hold its requests longer',
  };
}

function countProblems(scenario: Scenario, figures: PowerFigures): PowerProblem[] {
  const problems: PowerProblem[] = [];
  if (figures.requestsExpected < figures.requestsNeeded) {
    const rate = (scenario.traffic.ratePerSecond * figures.requestsNeeded) / Math.max(1, figures.requestsExpected);
    problems.push({
      code: 'TOO_FEW_REQUESTS',
      message:
        `${figures.requestsExpected} requests are expected in ${shown(figures.windowMs / 1000)} s of deploy and settling, ` +
        `the policy needs ${shown(figures.requestsNeeded)} without a failure`,
      hint: `raise traffic.rate to at least ${shown(Math.ceil(rate))} per second, lengthen the sleeps, or lower policy.slo`,
    });
  }
  if (figures.baselineExpected < figures.baselineNeeded) problems.push(baselineProblem(scenario, figures));
  if (figures.silentExpected < figures.silentNeeded) {
    problems.push({
      code: 'REPLACEMENT_UNPROVEN',
      message:
        `about ${figures.silentExpected} requests are sent while a target is out, ` +
        `${figures.silentNeeded} must miss it to show that it left rotation`,
      hint: 'raise traffic.rate or the sleep after detach',
    });
  }
  return problems;
}

/** A lane that is asked for and cannot be run leaves its question open, whatever the others say. */
function laneProblems(scenario: Scenario): PowerProblem[] {
  if (lanesNotRun(scenario).length === 0) return [];
  return [{ code: 'LANE_NOT_RUN', message: notRunText(scenario.service), hint: `set ${notRunWays(scenario.service)}` }];
}

/** What makes a PASS impossible; empty when it is possible. */
export function powerProblems(scenario: Scenario, figures: PowerFigures): PowerProblem[] {
  if (figures.lanes.length === 0) {
    return [
      {
        code: 'NO_EVIDENCE',
        message: 'no lane carries any traffic',
        hint: 'set traffic.rate, and give the lane new or reuse a weight',
      },
    ];
  }
  const problems = [...laneProblems(scenario), ...countProblems(scenario, figures)];
  if (scenario.policy.requireDrain && isDrainThin(figures)) problems.push(drainProblem(figures));
  const sparse = figures.lanes.filter((lane) => isHopeless(scenario, lane));
  return [...problems, ...sparse.map((lane) => resolutionProblem(scenario, figures, lane))];
}

function isLoopback(scenario: Scenario): boolean {
  if (scenario.balancer.kind === 'lab') return true;
  const host = /^[a-z]+:\/\/(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#]*)/i.exec(scenario.service.url)?.[1] ?? '';
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host);
}

/** What does not forbid a PASS but should be known before. */
export function powerWarnings(scenario: Scenario, figures: PowerFigures): PowerProblem[] {
  const warnings: PowerProblem[] = [];
  const { baselineExpected, baselineNeeded, connectionsPerSecond } = figures;
  if (baselineExpected >= baselineNeeded && baselineExpected < baselineNeeded * BASELINE_SPARE) {
    warnings.push(baselineProblem(scenario, figures));
  }
  if (!scenario.policy.requireDrain && isDrainThin(figures)) warnings.push(drainProblem(figures));
  for (const lane of figures.lanes) {
    if (!isHopeless(scenario, lane) && !isResolved(lane, scenario)) {
      warnings.push(resolutionProblem(scenario, figures, lane));
    }
  }
  if (connectionsPerSecond > CONNECTIONS_WARNED_FROM && !isLoopback(scenario)) {
    warnings.push({
      code: 'GEN_CLIENT_ERRORS',
      message:
        `${shown(connectionsPerSecond)} new connections per second to one address may use up ` +
        'the ephemeral ports of this host',
      hint: `keep the lane new at or below ${CONNECTIONS_WARNED_FROM}/s per balancer address, or widen the port range`,
    });
  }
  return warnings;
}
