import type { PreflightFinding } from '../../domain/event.js';
import type { BalancerFacts } from '../../domain/ports.js';
import type { Scenario } from '../../domain/scenario.js';
import type { Target, TargetHealth } from '../../domain/target.js';
import { ok, refused, warning } from './finding.js';
import { isInService } from './in-service.js';
import { type IdleProbe, surroundingFindings } from './preflight-surroundings.js';
import { waitFindings } from './preflight-waits.js';

/**
 * What must be true before the first detach, from the balancer's own answers and the applications' (`idle`): pure.
 * `refused` findings stop the run (exit 3) unless it is forced; warnings go to the report.
 */
export function preflightFindings(
  scenario: Scenario,
  facts: BalancerFacts,
  health: readonly TargetHealth[],
  idle: readonly IdleProbe[] = [],
): PreflightFinding[] {
  return [
    ...membership(scenario, facts),
    ...greenOutside(scenario, facts),
    ...service(health),
    spare(scenario, health),
    ...waitFindings(scenario, facts),
    ...surroundingFindings(scenario, facts, health, idle),
  ];
}

function membership(scenario: Scenario, facts: BalancerFacts): PreflightFinding[] {
  const found = scenario.targets
    .filter((t) => !isGreen(t, scenario) && !facts.members.includes(t.instance))
    .map(
      (t) =>
        outside(t, facts) ??
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
  return found.length > 0
    ? found
    : [ok('member', `every target ${greenOf(scenario) === null ? '' : 'of blue '}is registered with ${facts.name}`)];
}

/** Green's targets where the strategy is blue-green, else null. */
function greenOf({ rollout }: Scenario): readonly string[] | null {
  return rollout.strategy === 'blue-green' ? (rollout.blueGreen?.green ?? null) : null;
}

function isGreen({ id }: Target, scenario: Scenario): boolean {
  return greenOf(scenario)?.includes(id) === true;
}

/** Green is deployed before it comes in: one that serves already would be stopped under its users. */
function greenOutside(scenario: Scenario, facts: BalancerFacts): PreflightFinding[] {
  const green = scenario.targets.filter((t) => isGreen(t, scenario));
  if (green.length === 0) return [];
  const inside = green.filter(({ instance }) => facts.members.includes(instance));
  if (inside.length === 0)
    return [ok('green', `${green.map(({ id }) => id).join(', ')} (green) is out, as it must be`)];
  return inside.map(({ id, instance }) =>
    refused(
      'green',
      `${id} (${instance}) is green and is registered with ${facts.name} already: the deploy would stop it under its users`,
      'take it out first (after a run that was cut short `rollproof recover` does), or write the groups of rollout.blueGreen the other way round',
    ),
  );
}

/** What somebody has taken out must not come back as a by-product of a roll. */
function outside({ id, instance }: Target, { name, outside: why = {} }: BalancerFacts): PreflightFinding | null {
  if (!Object.hasOwn(why, instance)) return null;
  return refused(
    'member',
    `${id} (${instance}) is ${why[instance]} in ${name}: it was taken out before, and this roll would put it back`,
    'whoever took it out puts it back first; if an earlier run was cut short, `rollproof recover` does',
  );
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
  // Green comes before blue leaves: nobody of blue needs to be spare.
  const needed = scenario.rollout.minInService + (greenOf(scenario) === null ? 1 : 0);
  if (scenario.rollout.minInService === 0)
    return warning('spare', 'rollout.minInService is 0: nothing stops a roll that leaves nobody in service', null);
  if (serving < needed)
    return refused(
      'spare',
      `${serving} targets in service, ${needed} needed to take one out`,
      'lower rollout.minInService or add a target',
    );
  return ok('spare', `${serving} targets in service, ${scenario.rollout.minInService} must stay`);
}
