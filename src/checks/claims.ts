import type { Evidence } from '../domain/evidence.js';
import { type Claims, isNeedCensored, type LaneRow } from '../domain/result.js';
import type { Policy } from '../domain/scenario.js';
import { formatDuration } from '../domain/time.js';
import type { VerdictKind } from '../domain/verdict.js';
import { failureUpper } from './deciding-bounds.js';
import { count, listed, percent } from './figures.js';
import { movedText, unprovenTargets } from './targets-replaced.js';

/** The four claims of verdict.md P3 with their numbers; what is not established is null and said so. */
export function claimsOf(evidence: Evidence, policy: Policy, verdict: VerdictKind): Claims {
  const { counts, window, resolution, replacements } = evidence;
  const margins = replacements.flatMap((r) => (r.marginMs === null ? [] : [r.marginMs]));
  // The margin counts from the last answer; where requests still failed after that there was none.
  const isShort = replacements.some(isNeedCensored);
  const has = counts.judged > 0 && window !== null;
  const upper = has ? finite(failureUpper(counts, policy.alpha)) : null;
  const claims = {
    totalOutageMs: resolution.totalOutageMs,
    targetOutageMs: resolution.targetOutageMs,
    targetConfidence: resolution.targetConfidence,
    failureProbabilityUpper: upper,
    equivalentDowntimeMs:
      upper === null || window === null ? null : upper * (window.to - window.from) + resolution.unobservedMs,
    confidence: finite(1 - policy.alpha) ?? 0,
    replaced: unprovenTargets(evidence).length === 0 ? ('proven' as const) : ('unproven' as const),
    marginMs: margins.length === 0 || isShort ? null : Math.min(...margins),
    minAvailability: worstWindows(evidence.lanes),
    margins: replacements.flatMap((r) =>
      r.marginMs === null && !isNeedCensored(r)
        ? []
        : [{ target: r.target, marginMs: isNeedCensored(r) ? null : r.marginMs }],
    ),
  };
  return { ...claims, sentences: sentences(evidence, claims, verdict) };
}

/** The worst lane for every length of window: a lane stands for a user. */
function worstWindows(lanes: readonly LaneRow[]): Claims['minAvailability'] {
  const worst = new Map<number, number>();
  for (const { windowMs, ratio } of lanes.flatMap((lane) => lane.minAvailability))
    worst.set(windowMs, Math.min(ratio, worst.get(windowMs) ?? 1));
  return [...worst].map(([windowMs, ratio]) => ({ windowMs, ratio })).sort((a, b) => a.windowMs - b.windowMs);
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function sentences(evidence: Evidence, claims: Omit<Claims, 'sentences'>, verdict: VerdictKind): readonly string[] {
  return [
    totalSentence(evidence),
    targetSentence(claims),
    probabilitySentence(claims),
    replacedSentence(evidence, claims, verdict),
  ];
}

function totalSentence({ lanes, resolution, outages }: Evidence): string {
  const claimed = lanes.filter((row) => row.lane !== 'long');
  if (resolution.totalOutageMs === null)
    return 'How short a total outage would have been seen is not known: some lane of the traffic sent nothing.';
  const each = claimed
    .map((row: LaneRow) => `${formatDuration(row.totalOutageMs ?? Number.NaN)} (${row.lane})`)
    .join(' / ');
  const jitter =
    resolution.jitterMs === null || resolution.jitterMs < 1
      ? ''
      : `, give or take ${formatDuration(resolution.jitterMs)} of connect time`;
  return `No total outage > ${each}${jitter}${outages.length === 0 ? '' : ' went unseen'}.`;
}

function targetSentence(claims: Omit<Claims, 'sentences'>): string {
  if (claims.targetOutageMs === null) return 'How short an outage of one target would have been seen is not known.';
  return `A one-target outage > ${formatDuration(claims.targetOutageMs)} on every balancer node would have been seen with ${percent(claims.targetConfidence)}.`;
}

function probabilitySentence(claims: Omit<Claims, 'sentences'>): string {
  const { failureProbabilityUpper: upper, equivalentDowntimeMs: down } = claims;
  if (upper === null || down === null) return 'Nothing is known of the failure probability.';
  const [shortest] = claims.minAvailability;
  const worst =
    shortest === undefined || shortest.ratio >= 1
      ? ''
      : ` In the worst ${formatDuration(shortest.windowMs)} of a lane ${percent(shortest.ratio)} were answered well.`;
  return `Failure probability in this deploy ≤ ${percent(upper)} (${percent(claims.confidence)}), ≤ ${formatDuration(down)} equivalent downtime.${worst}`;
}

function replacedSentence(evidence: Evidence, claims: Omit<Claims, 'sentences'>, verdict: VerdictKind): string {
  if (claims.replaced === 'unproven') return `Not proven: ${unprovenTargets(evidence).join('; ')}.`;
  const { marginMs } = claims;
  const margin =
    marginMs === null
      ? evidence.replacements.some(isNeedCensored)
        ? ' The sleep was too short.'
        : ''
      : marginMs < 0
        ? ` The sleep was ${formatDuration(-marginMs)} too short.`
        : ` Sleep margin ≥ ${formatDuration(marginMs)}.`;
  const scope =
    verdict === 'PASS' ? ' This proves this deploy; 1 deploy supports ≤ 95 % failure odds for the next.' : '';
  const served = evidence.replacements.reduce((sum, r) => sum + r.servedNew, 0);
  const moved = movedText(evidence.replacements);
  if (moved !== null) return `${moved}; it was served ${count(served)} times.${margin}${scope}`;
  return `${listed(evidence.toReplace)} left, came back and served the new version ${count(served)} times.${margin}${scope}`;
}
