import {
  AddTagsCommand,
  DeregisterTargetsCommand,
  DescribeTagsCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
  RemoveTagsCommand,
  type TargetDescription,
  type TargetGroup,
  type TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { RollproofError } from '../domain/errors.js';
import type { Balancer, LockTag } from '../domain/ports.js';
import type { Target, TargetHealth } from '../domain/target.js';
import { type AwsAccess, ask, awsCommand, clientConfig, isDenied, LOCK_TAG, type RefusalHint } from './aws-api.js';
import { describeElbv2 } from './elbv2-facts.js';
import { elbv2TargetState } from './elbv2-states.js';
import { shellWord } from './shell-word.js';

export interface Elbv2Options extends AwsAccess {
  /** The target group's name, unique in an account's region. */
  readonly name: string;
  /** The same by its ARN; null = looked up by name. */
  readonly arn: string | null;
  /** The port targets are registered with; null = that of the target group. */
  readonly port: number | null;
}

/** One call to the API, with our errors. */
export type Elbv2Ask = <T>(call: (client: ElasticLoadBalancingV2Client) => Promise<T>) => Promise<T>;

/** A target group of an Application or Network Load Balancer, through AWS's own SDK. */
export function elbv2Balancer(options: Elbv2Options): Balancer {
  const client = new ElasticLoadBalancingV2Client(clientConfig(options));
  const hint = refusalHint(options);
  const asking: Elbv2Ask = (call) => ask(options, hint, () => call(client));
  let arn = options.arn;
  const group = async (signal: AbortSignal): Promise<TargetGroup> => {
    const input = arn === null ? { Names: [options.name] } : { TargetGroupArns: [arn] };
    const reply = await asking((c) => c.send(new DescribeTargetGroupsCommand(input), { abortSignal: signal }));
    const found = reply.TargetGroups?.[0];
    if (found?.TargetGroupArn === undefined)
      throw new RollproofError('BALANCER_REFUSED', `there is no target group ${options.name} in ${options.region}`, {
        hint: hint('TargetGroupNotFound'),
      });
    arn = found.TargetGroupArn;
    return found;
  };
  const arnOf = async (signal: AbortSignal): Promise<string> => arn ?? (await group(signal)).TargetGroupArn ?? '';
  const targetOf = (target: Target): TargetDescription => ({
    Id: target.instance,
    ...(options.port === null ? {} : { Port: options.port }),
  });
  return {
    drainStateLags: true,
    async detach(target, signal) {
      const input = { TargetGroupArn: await arnOf(signal), Targets: [targetOf(target)] };
      await asking((c) => c.send(new DeregisterTargetsCommand(input), { abortSignal: signal }));
    },
    async attach(target, signal) {
      const input = { TargetGroupArn: await arnOf(signal), Targets: [targetOf(target)] };
      await asking((c) => c.send(new RegisterTargetsCommand(input), { abortSignal: signal }));
    },
    async health(targets, signal) {
      if (targets.length === 0) return [];
      const input = { TargetGroupArn: await arnOf(signal), Targets: targets.map(targetOf) };
      const reply = await asking((c) => c.send(new DescribeTargetHealthCommand(input), { abortSignal: signal }));
      return targets.map((target) => targetHealth(target, reply.TargetHealthDescriptions ?? []));
    },
    describe: async (signal) => describeElbv2(await group(signal), options, asking, signal),
    attachCommand: (target) => attachCommand(target, arn, options),
    lockTag: lockTag(arnOf, asking),
    close() {
      client.destroy();
    },
  };
}

function targetHealth(target: Target, found: readonly TargetHealthDescription[]): TargetHealth {
  const health = found.find((each) => each.Target?.Id === target.instance)?.TargetHealth;
  const reasonCode = health?.Reason ?? 'N/A';
  const words = health?.State === 'healthy' ? 'it is healthy' : `the load balancer gave no reason`;
  return {
    target: target.id,
    ...(health === undefined
      ? { state: 'unavailable', registered: false }
      : elbv2TargetState(health.State ?? '', reasonCode)),
    reasonCode,
    description: health?.Description ?? words,
  };
}

/** Works as it stands in a shell, also when the ARN has never been looked up. */
function attachCommand(target: Target, arn: string | null, options: Elbv2Options): string {
  const lookUp = `${awsCommand('elbv2', 'describe-target-groups', options)} --names ${shellWord(options.name)} --query 'TargetGroups[0].TargetGroupArn' --output text`;
  const group = arn === null ? `"$(${lookUp})"` : shellWord(arn);
  const port = options.port === null ? '' : `,Port=${options.port}`;
  return `${awsCommand('elbv2', 'register-targets', options)} --target-group-arn ${group} --targets ${shellWord(`Id=${target.instance}${port}`)}`;
}

function lockTag(arnOf: (signal: AbortSignal) => Promise<string>, asking: Elbv2Ask): LockTag {
  return {
    async read(signal) {
      const input = { ResourceArns: [await arnOf(signal)] };
      const reply = await asking((c) => c.send(new DescribeTagsCommand(input), { abortSignal: signal }));
      const tags = reply.TagDescriptions?.[0]?.Tags ?? [];
      return tags.find((tag) => tag.Key === LOCK_TAG)?.Value ?? null;
    },
    async write(value, signal) {
      const input = { ResourceArns: [await arnOf(signal)], Tags: [{ Key: LOCK_TAG, Value: value }] };
      await asking((c) => c.send(new AddTagsCommand(input), { abortSignal: signal }));
    },
    async remove(signal) {
      const input = { ResourceArns: [await arnOf(signal)], TagKeys: [LOCK_TAG] };
      await asking((c) => c.send(new RemoveTagsCommand(input), { abortSignal: signal }));
    },
  };
}

function refusalHint(options: Elbv2Options): RefusalHint {
  return (code) => {
    if (code === 'TargetGroupNotFound')
      return `check balancer.targetGroup (${options.arn ?? options.name}) and balancer.region (${options.region})`;
    if (code === 'InvalidTarget') return 'check targets[].instance: is it running, and in the VPC of the target group?';
    if (code === 'TooManyTargets') return 'the target group is full: remove what it does not need';
    return isDenied(code)
      ? 'the credentials need elasticloadbalancing:Describe*, RegisterTargets and DeregisterTargets'
      : null;
  };
}
