import type { Stage, Step } from '../../domain/pipeline.js';
import type { BlueGreen, Rollout } from '../../domain/scenario.js';
import type { Target } from '../../domain/target.js';
import { type Deadlines, gatesAfter } from './gates.js';

/**
 * The new version comes in beside the old one, then the old one leaves for good:
 *
 *   green-deploy: deploy each     green-in: attach all · wait     blue-out: detach all · wait     blue-retire: deploy each
 *
 * Green is out of the balancer at the start. The end of `blue-out` is the point of no return: until then a failure puts
 * blue back, from then on blue stays out.
 */
export function blueGreenStages(
  targets: readonly Target[],
  blueGreen: BlueGreen,
  rollout: Rollout,
  deadlines: Deadlines,
): [Stage, ...Stage[]] {
  const named = (ids: readonly string[]): Target[] => targets.filter(({ id }) => ids.includes(id));
  const [green, blue] = [named(blueGreen.green), named(blueGreen.blue)];
  const gates = (kind: 'detach' | 'deploy' | 'attach', target: Target): Step[] =>
    gatesAfter(kind, target, rollout, deadlines);
  const all = (kind: 'detach' | 'attach', some: readonly Target[]): Step[] => [
    ...some.map(({ id }): Step => (kind === 'detach' ? { kind, target: id, forGood: true } : { kind, target: id })),
    ...some.flatMap((target) => gates(kind, target)),
    ...sleepingAfter(kind, some, rollout),
  ];
  const deploying = (some: readonly Target[]): Step[] =>
    some.flatMap((target): Step[] => [{ kind: 'deploy', target: target.id }, ...gates('deploy', target)]);
  const deploys = rollout.deploy.kind !== 'none';
  const stages = [
    ...(deploys ? [stage('green-deploy', deploying(green))] : []),
    stage('green-in', all('attach', green)),
    stage('blue-out', all('detach', blue)),
    ...(deploys && blueGreen.retire === 'deploy' ? [stage('blue-retire', deploying(blue))] : []),
  ];
  const [first, ...rest] = stages.flatMap((each) => each ?? []);
  return [first as Stage, ...rest];
}

function stage(name: string, [first, ...rest]: readonly Step[]): Stage | null {
  return first === undefined ? null : { name, steps: [first, ...rest] };
}

/** One sleep for the whole group, counted from the last of its changes. */
function sleepingAfter(kind: 'detach' | 'attach', some: readonly Target[], { sleep, wait }: Rollout): Step[] {
  const ms = kind === 'detach' ? sleep.afterDetachMs : sleep.afterAttachMs;
  const last = some.at(-1);
  if (wait === 'health' || ms <= 0 || last === undefined) return [];
  const counted = wait === 'both' ? ({ sinceChange: true } as const) : {};
  return [{ kind: 'sleep', ms, why: `after-${kind}`, target: last.id, ...counted }];
}
