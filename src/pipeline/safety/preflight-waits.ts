import type { PreflightFinding } from '../../domain/event.js';
import type { BalancerFacts } from '../../domain/ports.js';
import type { Scenario } from '../../domain/scenario.js';
import { formatDuration } from '../../domain/time.js';
import { expectedWaits, longestRequestMs, movesOf } from '../deadlines.js';
import { harmful, ok, warning } from './finding.js';

/** Draining, and whether the waits of this rollout can be enough for this balancer. */
export function waitFindings(scenario: Scenario, facts: BalancerFacts): PreflightFinding[] {
  return [
    draining(scenario, facts),
    ...leaving(scenario, facts),
    ...users(scenario, facts),
    ...returning(scenario, facts),
    ...slowStart(scenario, facts),
    ...idle(scenario, facts),
    ...trials(scenario, facts),
  ];
}

/** Requests in flight at a detach are what users notice first. */
function draining(scenario: Scenario, facts: BalancerFacts): PreflightFinding {
  if (facts.drainingEnabled === null) return ok('draining', 'the balancer does not tell its draining settings');
  if (!facts.drainingEnabled) {
    return harmful(
      scenario,
      'draining',
      'connection draining is off: every request in flight on a target is cut when it is detached',
      'switch connection draining on',
    );
  }
  const drainMs = facts.drainTimeoutMs ?? 0;
  const longest = longestRequestMs(scenario);
  if (facts.drainEnds === false)
    return ok('draining', 'connections that are open at a detach go on as long as the target does');
  if (drainMs < longest) {
    return harmful(
      scenario,
      'draining',
      `draining ends after ${formatDuration(drainMs)}, before the longest request of ${formatDuration(longest)}`,
      'raise the drain timeout',
    );
  }
  return ok('draining', `draining is on, up to ${formatDuration(drainMs)}`);
}

/**
 * Until the deploy stops the application, every node must have heard of the detach and the longest request must be over.
 * A short sleep is no certain harm (the application may finish what it has), so it is said, not refused.
 */
function leaving(scenario: Scenario, facts: BalancerFacts): PreflightFinding[] {
  const { wait, sleep, deploy, strategy } = scenario.rollout;
  if (scenario.balancer.kind === 'lab' || wait !== 'sleep' || strategy === 'stages' || deploy.kind === 'none')
    return [];
  const sleepMs = sleep.afterDetachMs;
  const longest = longestRequestMs(scenario);
  const text = `the sleep after detach of ${formatDuration(sleepMs)}`;
  const hint = 'raise rollout.sleep.afterDetach or set rollout.wait: both';
  if (sleepMs < longest)
    return [
      warning('leave', `${text} cannot be enough for requests of ${formatDuration(longest)} that are in flight`, hint),
    ];
  const { leaveMs } = movesOf(facts);
  const worstMs = leaveMs + longest;
  if (sleepMs < worstMs)
    return [
      warning(
        'leave',
        `${text} may not be enough: ${lateNews(facts, leaveMs)}${longest > 0 ? `, and a request ${formatDuration(longest)} to end` : ''}`,
        hint,
      ),
    ];
  const drainMs = facts.drainingEnabled === true ? (facts.drainTimeoutMs ?? 0) : 0;
  const beyond =
    sleepMs < drainMs
      ? `; a request that takes longer than that sleep is cut although draining would wait ${formatDuration(drainMs)}`
      : '';
  return [ok('leave', `${text} covers the worst expected leave of ${formatDuration(worstMs)}${beyond}`)];
}

/**
 * Behind ELBv2, which says `draining` long after, a detach ends when our own traffic shows silence for as long as the
 * longest request: of what users have in flight that says nothing.
 */
function users(scenario: Scenario, { kind }: BalancerFacts): PreflightFinding[] {
  const { wait, longestRequestMs: said = null, awaitUnused = false } = scenario.rollout;
  if (scenario.balancer.kind === 'lab' || wait === 'sleep' || awaitUnused || !DRAIN_LAGS.has(kind)) return [];
  const longest = formatDuration(longestRequestMs(scenario));
  if (said !== null) return [ok('users', `a detach is given ${longest} for requests in flight, as the scenario says`)];
  return [
    warning(
      'users',
      `a detach is given ${longest} for requests in flight, as long as this run's own take: longer ones of users may be cut by the deploy`,
      "write rollout.longestRequest (how long users' requests may run), or awaitUnused: true to wait for the whole deregistration delay",
    ),
  ];
}

const DRAIN_LAGS: ReadonlySet<string> = new Set(['alb', 'nlb', 'elbv2']);

/**
 * A target that is not back yet when the next one leaves is caught by the live check before every detach: the roll
 * stops and nobody is hurt. With minInService 0 nothing catches it.
 */
function returning(scenario: Scenario, facts: BalancerFacts): PreflightFinding[] {
  const check = facts.healthCheck;
  const { attachWorstMs } = expectedWaits(facts);
  const { wait, sleep, minInService, strategy } = scenario.rollout;
  if (check === null || attachWorstMs === null || scenario.balancer.kind === 'lab') return [];
  const how = `registration ${formatDuration(movesOf(facts).joinMs)} + one check every ${formatDuration(check.intervalMs)}, timeout ${formatDuration(check.timeoutMs)}`;
  const worst = `a target may need ${formatDuration(attachWorstMs)} to serve again (${how})`;
  if (wait !== 'sleep' || strategy === 'stages') return [ok('return', worst)];
  const sleepMs = sleep.afterAttachMs;
  if (sleepMs >= attachWorstMs)
    return [ok('return', `the sleep after attach of ${formatDuration(sleepMs)} covers it: ${worst}`)];
  const message = `${worst}, the sleep after attach is ${formatDuration(sleepMs)}`;
  const hint = 'raise rollout.sleep.afterAttach or set rollout.wait: both';
  if (minInService === 0)
    return [harmful(scenario, 'return', `${message}, and with minInService 0 nothing keeps the next target in`, hint)];
  return [warning('return', `${message}: the roll may stop before the next target`, hint)];
}

function lateNews({ kind }: BalancerFacts, leaveMs: number): string {
  return kind === 'nlb'
    ? `a Network Load Balancer goes on sending new connections for up to ${formatDuration(leaveMs)} after a deregistration, whatever its deregistration delay says`
    : `the balancer's nodes may need ${formatDuration(leaveMs)} to hear of it`;
}

/** While a target that came back is spared, the others carry its share; when the next one leaves it gets all at once. */
function slowStart(scenario: Scenario, { slowStartMs = 0 }: BalancerFacts): PreflightFinding[] {
  if (slowStartMs === 0) return [];
  const { wait, sleep, strategy } = scenario.rollout;
  const text = `slow start takes ${formatDuration(slowStartMs)} from the first passed health check`;
  if (strategy === 'stages') return [ok('slow-start', text)];
  if (wait !== 'health' && sleep.afterAttachMs >= slowStartMs)
    return [ok('slow-start', `${text}; the sleep after attach of ${formatDuration(sleep.afterAttachMs)} covers it`)];
  const early =
    wait === 'health' ? 'rollout.wait: health does not wait for its end' : 'the sleep after attach is shorter';
  return [
    warning(
      'slow-start',
      `${text} and ${early}: the next target leaves while the one that came back is still cold, and gets all of its traffic at once`,
      'raise rollout.sleep.afterAttach above it (with wait: sleep or both), or shorten slow_start.duration_seconds',
    ),
  ];
}

/** A request that is silent for longer than the balancer's idle timeout is cut by it, deploy or not. */
function idle(scenario: Scenario, { idleTimeoutMs }: BalancerFacts): PreflightFinding[] {
  const longest = scenario.traffic.lanes.long?.maxHoldMs ?? 0;
  if (idleTimeoutMs === null || longest < idleTimeoutMs) return [];
  const message = `requests of ${formatDuration(longest)} outlast the balancer's idle timeout of ${formatDuration(idleTimeoutMs)} and are cut by it`;
  return [warning('idle', message, "raise the balancer's idle timeout, or lower traffic.lanes.long.maxHold")];
}

/** Requests on one connection all meet one target: without new connections the outage of another goes unseen. */
function trials(scenario: Scenario, { balances }: BalancerFacts): PreflightFinding[] {
  if (balances !== 'connections' || scenario.traffic.lanes.newWeight > 0) return [];
  const message =
    'the balancer deals out connections and the traffic makes no new ones: this run cannot PASS, whatever happens';
  return [harmful(scenario, 'trials', message, 'give traffic.lanes.new a weight')];
}
