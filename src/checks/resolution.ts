import type { Evidence } from '../domain/evidence.js';
import type { Policy } from '../domain/scenario.js';
import { formatDuration } from '../domain/time.js';
import { type Check, type CheckMeta, inconclusive, passed } from './check.js';

const meta: CheckMeta = {
  id: 'resolution',
  title: 'The traffic was dense enough to see the outages that matter',
  failureTitle: 'The traffic could have missed an outage that matters',
  why: 'An outage between two requests is invisible; the largest gap says how long it can have been.',
  docs: {
    LOW_RESOLUTION:
      'A total outage longer than policy.fullOutage, or a one-target outage longer than policy.targetOutage, could have gone unseen.',
  },
};

function shown(ms: number | null): string {
  return ms === null ? 'no sends' : formatDuration(ms);
}

function finding(resolution: Evidence['resolution'], policy: Policy): string {
  const { totalOutageMs: full, targetOutageMs: one } = resolution;
  if (full !== null && one === null) return 'no new connections were made, and behind this balancer only they show it';
  if (full === null || one === null) return 'a lane of the traffic sent nothing while the deploy ran';
  const total = `a total outage of ${formatDuration(full)} could have gone unseen (limit ${formatDuration(policy.fullOutageMs)})`;
  const single = `an outage of one target of ${formatDuration(one)} could have gone unseen (limit ${formatDuration(policy.targetOutageMs)})`;
  return [...(full <= policy.fullOutageMs ? [] : [total]), ...(one <= policy.targetOutageMs ? [] : [single])].join(
    '; ',
  );
}

/** Gaps shrink as the rate grows, unless it was the generator that made them. */
function hintFor(seen: Evidence['resolution'], policy: Policy, ratePerSecond: number): string {
  const { totalOutageMs: full, targetOutageMs: one } = seen;
  if (full !== null && one === null)
    return 'Give traffic.lanes.new a weight: the load balancer deals out connections, and all requests on one meet one target.';
  const factor = Math.max((full ?? Number.NaN) / policy.fullOutageMs, (one ?? Number.NaN) / policy.targetOutageMs);
  if (seen.unobservedMs > 0 || !Number.isFinite(factor)) {
    return 'Find out why the generator sent nothing for a while: drops, stalls and late sends leave such gaps.';
  }
  return `Raise traffic.rate to at least ${Math.ceil(ratePerSecond * factor * 1.1)} per second.`;
}

/** Row 8. */
export const resolution: Check = {
  meta,
  evaluate({ resolution: seen, run }, policy) {
    const figures = {
      measured: `${shown(seen.totalOutageMs)} total, ${shown(seen.targetOutageMs)} one target`,
      threshold: `≤ ${formatDuration(policy.fullOutageMs)}, ≤ ${formatDuration(policy.targetOutageMs)}`,
    };
    const fine =
      seen.totalOutageMs !== null &&
      seen.targetOutageMs !== null &&
      seen.totalOutageMs <= policy.fullOutageMs &&
      seen.targetOutageMs <= policy.targetOutageMs;
    if (fine) return passed(meta, `total outages down to ${shown(seen.totalOutageMs)} would have been seen`, figures);
    const hint = hintFor(seen, policy, run.scenario.traffic.ratePerSecond);
    return inconclusive(meta, 'LOW_RESOLUTION', { ...figures, message: finding(seen, policy), hint });
  },
};
