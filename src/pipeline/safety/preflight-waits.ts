import type { PreflightFinding } from '../../domain/event.js';
import type { BalancerFacts } from '../../domain/ports.js';
import type { Scenario } from '../../domain/scenario.js';
import { formatDuration } from '../../domain/time.js';
import { AWS_ACTION_MS, expectedWaits } from '../deadlines.js';
import { harmful, ok, warning } from './finding.js';

/** Draining, and whether the waits of this rollout can be enough for this balancer. */
export function waitFindings(scenario: Scenario, facts: BalancerFacts): PreflightFinding[] {
  return [draining(scenario, facts), ...leaving(scenario, facts), ...returning(scenario, facts)];
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
  const worstMs = AWS_ACTION_MS + longest;
  if (sleepMs < worstMs)
    return [
      warning(
        'leave',
        `${text} may not be enough: the balancer's nodes may need ${formatDuration(AWS_ACTION_MS)} to hear of it${longest > 0 ? `, and a request ${formatDuration(longest)} to end` : ''}`,
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
 * A target that is not back yet when the next one leaves is caught by the live check before every detach: the roll
 * stops and nobody is hurt. With minInService 0 nothing catches it.
 */
function returning(scenario: Scenario, facts: BalancerFacts): PreflightFinding[] {
  const check = facts.healthCheck;
  const { attachWorstMs } = expectedWaits(facts);
  const { wait, sleep, minInService, strategy } = scenario.rollout;
  if (check === null || attachWorstMs === null || scenario.balancer.kind === 'lab') return [];
  const how = `registration ${formatDuration(AWS_ACTION_MS)} + one check every ${formatDuration(check.intervalMs)}, timeout ${formatDuration(check.timeoutMs)}`;
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

/** The longest request the scenario itself sends, ms; 0 = none is held. */
function longestRequestMs({ traffic }: Scenario): number {
  return traffic.lanes.long?.maxHoldMs ?? 0;
}
