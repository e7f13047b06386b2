import type { PreflightFinding } from '../../domain/event.js';
import type { BalancerFacts } from '../../domain/ports.js';
import type { Scenario } from '../../domain/scenario.js';
import type { TargetHealth } from '../../domain/target.js';
import { formatDuration } from '../../domain/time.js';
import { harmful, ok, refused, warning } from './finding.js';
import { isInService } from './in-service.js';

/** How long an application keeps an idle connection, as a direct probe found it. */
export interface IdleProbe {
  readonly target: string;
  /** Closed by the application after this long; null = it was still open when the balancer would have closed it. */
  readonly closedAfterMs: number | null;
  /** Why it could not be found out, or null. */
  readonly error: string | null;
}

/** Zones, other balancers, Auto Scaling and the applications' idle timeouts. */
export function surroundingFindings(
  scenario: Scenario,
  facts: BalancerFacts,
  health: readonly TargetHealth[],
  idle: readonly IdleProbe[],
): PreflightFinding[] {
  return [
    ...zones(scenario, facts, health),
    ...elsewhere(scenario, facts),
    ...autoScaling(scenario),
    ...(facts.cautions ?? []).map((said) => warning('balancer', said, null)),
    ...keepAlive(facts, idle),
  ];
}

/** Without cross-zone balancing every zone answers from its own targets only (clb:enable-disable-crosszone-lb). */
function zones(scenario: Scenario, facts: BalancerFacts, health: readonly TargetHealth[]): PreflightFinding[] {
  if (facts.crossZone === true || facts.zones.length < 2) return [];
  const word =
    facts.crossZone === null
      ? 'the balancer does not tell whether it balances across'
      : 'cross-zone balancing is off over';
  const text = `${word} its ${facts.zones.length} zones`;
  const hint = 'switch cross-zone balancing on, or keep two targets in every zone and write targets[].zone';
  const unknown = scenario.targets.filter((t) => (t.zone ?? null) === null);
  if (unknown.length > 0) {
    const message = `${text}: where the target that leaves is the only one of its zone, that zone answers 503`;
    return [harmful(scenario, 'zones', message, hint)];
  }
  const serving = (zone: string) =>
    scenario.targets.filter((t) => t.zone === zone && health.some((h) => h.target === t.id && isInService(h))).length;
  const thin = facts.zones.filter((zone) => serving(zone) < 2);
  if (thin.length === 0) return [ok('zones', `${text}, with two targets or more in service in each`)];
  const counts = thin.map((zone) => `${zone} has ${serving(zone)}`).join(', ');
  return [
    harmful(
      scenario,
      'zones',
      `${text}: a zone that is left without a target answers 503 (${counts} in service)`,
      hint,
    ),
  ];
}

/** A detach here does not keep another balancer's requests away from the deploy. */
function elsewhere(scenario: Scenario, facts: BalancerFacts): PreflightFinding[] {
  const { elsewhere: others } = facts;
  if (others === undefined || others === null) return [];
  return scenario.targets.flatMap(({ id, instance }) => {
    const names = Object.hasOwn(others, instance) ? (others[instance] ?? []) : [];
    if (names.length === 0) return [];
    return [
      refused(
        'elsewhere',
        `${id} (${instance}) is also registered with ${names.join(', ')}, which goes on sending to it while it is deployed`,
        'take it out of the other load balancers first',
      ),
    ];
  });
}

/**
 * Auto Scaling registers, replaces and terminates instances by itself, which undoes a detach. The ELB API does not tell
 * who belongs to a group, so somebody who knows has to say it; silence refuses. An endpoint on this machine is no AWS.
 */
function autoScaling({ balancer }: Scenario): PreflightFinding[] {
  if (!('endpoint' in balancer)) return [];
  const said = balancer.autoScaling ?? null;
  if (said === 'none') return [ok('auto-scaling', 'no target belongs to an Auto Scaling group, as the scenario says')];
  if (said === 'suspended') return [ok('auto-scaling', 'Auto Scaling is suspended for the roll, as the scenario says')];
  const message =
    'whether targets belong to an Auto Scaling group is not known: a group puts back or replaces what is detached';
  const hint =
    'write balancer.autoScaling: none, or suspend Launch, Terminate, AddToLoadBalancer, HealthCheck, ReplaceUnhealthy and AZRebalance and write suspended';
  const local = balancer.endpoint !== null && /^(127\.|localhost$|\[::1\]$)/.test(new URL(balancer.endpoint).hostname);
  return [local ? warning('auto-scaling', message, hint) : refused('auto-scaling', message, hint)];
}

/**
 * An application that closes idle connections before the balancer does makes it send requests into closed ones
 * (sporadic 504, in every phase). That is so without a roll too: said, not refused.
 */
function keepAlive({ idleTimeoutMs, balances }: BalancerFacts, idle: readonly IdleProbe[]): PreflightFinding[] {
  // Passed on connection by connection, a close reaches the client itself.
  if (idleTimeoutMs === null || balances === 'connections') return [];
  return idle.map(({ target, closedAfterMs, error }) => {
    if (error !== null)
      return warning('keep-alive', `how long ${target} keeps idle connections could not be found out: ${error}`, null);
    if (closedAfterMs === null)
      return ok(
        'keep-alive',
        `${target} keeps idle connections longer than the balancer (${formatDuration(idleTimeoutMs)})`,
      );
    return warning(
      'keep-alive',
      `${target} closes idle connections after ${formatDuration(closedAfterMs)}, the balancer keeps them ${formatDuration(idleTimeoutMs)}: now and then a request meets a closed one and is answered with 504`,
      "raise the application's keep-alive timeout above the balancer's idle timeout",
    );
  });
}
