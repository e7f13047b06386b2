import { quoted } from '../problem-text.js';
import { problem, type Rule, warning } from './rule.js';

/** One server twice would be detached twice and proven once. */
const unique = (key: 'id' | 'instance'): Rule => ({
  reads: [`targets[].${key}`],
  findings: ({ targets }) =>
    targets.flatMap((target, index) => {
      const before = targets.findIndex((other) => other[key] === target[key]);
      const message = `${quoted(target[key])} is already the ${key} of targets[${before}]`;
      return before === index ? [] : [problem(['targets', index, key], message, `give every target its own ${key}`)];
    }),
});

/** `minInService` counts the others: with n targets at most n − 1 can ever be in service beside a detached one. */
const enoughTargets: Rule = {
  reads: ['targets.length', 'rollout.minInService'],
  findings: ({ targets, rollout }, isWritten) => {
    const others = targets.length - 1;
    if (rollout.minInService <= others) {
      if (others > 0) return [];
      const hint = 'add a second target for a rollout without downtime';
      return [warning(['targets'], 'with a single target every detach leaves nobody to answer', hint)];
    }
    const path = isWritten(['rollout', 'minInService']) ? ['rollout', 'minInService'] : ['targets'];
    const count = targets.length === 1 ? 'there is only 1 target' : `there are only ${targets.length} targets`;
    const message = `minInService is ${rollout.minInService} but ${count}: no detach would ever be allowed`;
    const most =
      others === 0
        ? 'set rollout.minInService: 0 to accept the gap'
        : `set rollout.minInService to at most ${others}, or 0 to accept a gap`;
    return [problem(path, message, `${most}, or add targets`)];
  },
};

/** A name tag in place of the instance id is accepted by nobody but the lab. */
const instanceIds: Rule = {
  reads: ['targets[].instance', 'balancer'],
  findings: ({ targets, balancer }) => {
    if (!('endpoint' in balancer) || balancer.endpoint !== null) return [];
    // A target group may have addresses for targets.
    const isAddress = (text: string) => balancer.kind === 'elbv2' && /^\d{1,3}(\.\d{1,3}){3}$/.test(text);
    return targets.flatMap((target, index) =>
      isAddress(target.instance) || /^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(target.instance)
        ? []
        : [
            warning(
              ['targets', index, 'instance'],
              `${quoted(target.instance)} does not look like an EC2 instance id`,
              'such an id is i- and 8 or 17 hexadecimal digits',
            ),
          ],
    );
  },
};

/** An ARN says where its target group is: asking another region finds nothing, or one that is not meant. */
const regionOfArn: Rule = {
  reads: ['balancer'],
  findings: ({ balancer }) => {
    if (balancer.kind !== 'elbv2') return [];
    const region = /^arn:[^:]*:elasticloadbalancing:([^:]*):/.exec(balancer.targetGroup)?.[1];
    if (region === undefined || region === balancer.region) return [];
    const message = `${quoted(balancer.region)} is not the region of the target group, which is in ${quoted(region)}`;
    return [problem(['balancer', 'region'], message, `write region: ${region}`)];
  },
};

/** Rules about `targets:` and where they are registered. */
export const TARGET_RULES: readonly Rule[] = [
  unique('id'),
  unique('instance'),
  enoughTargets,
  instanceIds,
  regionOfArn,
];
