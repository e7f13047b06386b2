import {
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  type TargetGroup,
  type TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Elbv2Ask } from './elbv2.js';
import { isRegistered } from './elbv2-states.js';

/** Pages of 400 target groups, and groups that are looked into: each is a call of its own. */
const PAGES_MAX = 10;
const GROUPS_MAX = 100;
const AT_ONCE = 5;

/**
 * Instance id → where else it gets traffic from: this group by another port, or other target groups that some load
 * balancer forwards to. Groups of another VPC or kind of target cannot have it; null = there are too many to look
 * through. Classic load balancers are not asked.
 */
export async function membersElsewhere(
  own: TargetGroup,
  members: readonly string[],
  atOtherPorts: readonly TargetHealthDescription[],
  asking: Elbv2Ask,
  signal: AbortSignal,
): Promise<Readonly<Record<string, readonly string[]>> | null> {
  const others = await otherGroups(own, asking, signal);
  const found = new Map<string, string[]>();
  const note = (id: string, place: string) => found.set(id, [...(found.get(id) ?? []), place]);
  for (const { Target } of atOtherPorts)
    note(Target?.Id ?? '', `${own.TargetGroupName ?? 'the same target group'} at port ${Target?.Port ?? '?'}`);
  if (others === null) return found.size === 0 ? null : Object.fromEntries(found);
  for (let i = 0; i < others.length; i += AT_ONCE) {
    const some = others.slice(i, i + AT_ONCE);
    const replies = await Promise.all(
      some.map(({ TargetGroupArn }) =>
        asking((c) => c.send(new DescribeTargetHealthCommand({ TargetGroupArn }), { abortSignal: signal })),
      ),
    );
    for (const [at, reply] of replies.entries()) {
      const there = (reply.TargetHealthDescriptions ?? []).filter(isRegistered).map(({ Target }) => Target?.Id ?? '');
      for (const id of new Set(there.filter((each) => members.includes(each))))
        note(id, `target group ${some[at]?.TargetGroupName ?? 'without a name'}`);
    }
  }
  return Object.fromEntries(found);
}

async function otherGroups(
  own: TargetGroup,
  asking: Elbv2Ask,
  signal: AbortSignal,
): Promise<readonly TargetGroup[] | null> {
  const found: TargetGroup[] = [];
  let marker: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const input = { PageSize: 400, ...(marker === undefined ? {} : { Marker: marker }) };
    const reply = await asking((c) => c.send(new DescribeTargetGroupsCommand(input), { abortSignal: signal }));
    for (const group of reply.TargetGroups ?? []) {
      const receives = (group.LoadBalancerArns ?? []).length > 0;
      const alike = group.VpcId === own.VpcId && group.TargetType === own.TargetType;
      if (group.TargetGroupArn !== own.TargetGroupArn && receives && alike) found.push(group);
    }
    if (found.length > GROUPS_MAX) return null;
    marker = reply.NextMarker === '' ? undefined : reply.NextMarker;
    if (marker === undefined) return found;
  }
  return null;
}
