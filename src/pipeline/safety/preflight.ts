import type { PreflightFinding } from '../../domain/event.js';
import type { BalancerFacts } from '../../domain/ports.js';
import type { Scenario } from '../../domain/scenario.js';
import type { TargetHealth } from '../../domain/target.js';
import { formatDuration } from '../../domain/time.js';
import { isInService } from './in-service.js';

/**
 * What must be true before the first detach, from the balancer's own answers: pure, so `plan` and tests can show it.
 * `refused` findings stop the run (exit 3) unless it is forced; warnings go to the report.
 */
export function preflightFindings(
  scenario: Scenario,
  facts: BalancerFacts,
  health: readonly TargetHealth[],
): PreflightFinding[] {
  return [
    ...membership(scenario, facts),
    ...service(health),
    spare(scenario, health),
    draining(scenario, facts),
    ...zones(facts),
    ...returnTime(scenario, facts),
  ];
}

function membership(scenario: Scenario, facts: BalancerFacts): PreflightFinding[] {
  const found = scenario.targets
    .filter((t) => !facts.members.includes(t.instance))
    .map((t) =>
      refused(
        'member',
        `${t.id} (${t.instance}) is not registered with ${facts.name}: the API would accept its detach, and the deploy would kill a server that may be serving elsewhere`,
        'check targets[].instance and balancer.name; if an earlier run was cut short, `rollproof recover` attaches what it left out',
      ),
    );
  const strangers = facts.members.filter((m) => !scenario.targets.some((t) => t.instance === m));
  if (strangers.length > 0)
    found.push(
      warning('member', `${facts.name} also has ${strangers.join(', ')}, which this scenario does not roll`, null),
    );
  return found.length > 0 ? found : [ok('member', `every target is registered with ${facts.name}`)];
}

function service(health: readonly TargetHealth[]): PreflightFinding[] {
  const sick = health.filter((h) => !isInService(h));
  if (sick.length === 0) return [ok('in-service', 'every target is in service')];
  return sick.map((h) =>
    refused('in-service', `${h.target} is ${h.state}: ${h.description}`, 'make every target healthy before a roll'),
  );
}

function spare(scenario: Scenario, health: readonly TargetHealth[]): PreflightFinding {
  const serving = health.filter(isInService).length;
  const needed = scenario.rollout.minInService + 1;
  if (scenario.rollout.minInService === 0)
    return warning('spare', 'rollout.minInService is 0: nothing stops a roll that leaves nobody in service', null);
  if (serving < needed)
    return refused(
      'spare',
      `${serving} targets in service, ${needed} needed to take one out`,
      'lower rollout.minInService or add a target',
    );
  return ok('spare', `${serving} targets in service, ${needed - 1} must stay`);
}

function draining(scenario: Scenario, facts: BalancerFacts): PreflightFinding {
  if (facts.drainingEnabled === null) return ok('draining', 'the balancer does not tell its draining settings');
  if (!facts.drainingEnabled) {
    return warning(
      'draining',
      'connection draining is off: every request in flight on a target is cut when it is detached',
      'switch connection draining on',
    );
  }
  const drainMs = facts.drainTimeoutMs ?? 0;
  const longest = Math.max(scenario.traffic.lanes.long?.maxHoldMs ?? 0, 0);
  if (drainMs < longest) {
    return warning(
      'draining',
      `draining ends after ${formatDuration(drainMs)}, before the longest request of ${formatDuration(longest)}`,
      'raise the drain timeout',
    );
  }
  return ok('draining', `draining is on, up to ${formatDuration(drainMs)}`);
}

/** Without cross-zone balancing every zone answers from its own targets only (clb:enable-disable-crosszone-lb). */
function zones(facts: BalancerFacts): PreflightFinding[] {
  if (facts.crossZone !== false || facts.zones.length < 2) return [];
  return [
    warning(
      'zones',
      `cross-zone balancing is off over ${facts.zones.length} zones: where the target that leaves is the only one of its zone, that zone answers 503`,
      'switch cross-zone balancing on, or keep two targets in every zone',
    ),
  ];
}

/** Registration takes up to about 30 s on AWS and one passed check puts a target in service (elb-and-engine.md B3 rule 5). */
function returnTime(scenario: Scenario, facts: BalancerFacts): PreflightFinding[] {
  const check = facts.healthCheck;
  if (check === null || scenario.balancer.kind === 'lab' || scenario.rollout.wait !== 'sleep') return [];
  const worstMs = 30_000 + check.intervalMs + check.timeoutMs;
  const sleepMs = scenario.rollout.sleep.afterAttachMs;
  if (sleepMs >= worstMs)
    return [
      ok(
        'return',
        `the sleep after attach of ${formatDuration(sleepMs)} covers the worst expected return of ${formatDuration(worstMs)}`,
      ),
    ];
  return [
    warning(
      'return',
      `a target may need ${formatDuration(worstMs)} to serve again (registration 30 s + one check), the sleep after attach is ${formatDuration(sleepMs)}`,
      'raise rollout.sleep.afterAttach or set rollout.wait: both',
    ),
  ];
}

const ok = (id: string, message: string): PreflightFinding => ({ id, level: 'ok', message, hint: null });
const warning = (id: string, message: string, hint: string | null): PreflightFinding => ({
  id,
  level: 'warning',
  message,
  hint,
});
const refused = (id: string, message: string, hint: string): PreflightFinding => ({
  id,
  level: 'refused',
  message,
  hint,
});
