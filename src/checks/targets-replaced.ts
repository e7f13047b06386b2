import type { Replacement } from '../domain/result.js';
import { type Check, type CheckMeta, inconclusive, passed } from './check.js';
import { counted, listed } from './figures.js';

const meta: CheckMeta = {
  id: 'targets-replaced',
  title: 'Every target really left, was replaced and came back',
  failureTitle: 'It is not proven that every target was replaced',
  why: 'A deploy that changed nothing drops nothing: without this proof a no-op would pass.',
  docs: {
    REPLACEMENT_UNPROVEN:
      'For some target the traffic does not show that it left rotation, or that the new version came back.',
  },
};

/** First half of row 7; also what claim (d) rests on. */
export function unprovenTargets(evidence: {
  readonly replacements: readonly Replacement[];
  readonly toReplace: readonly string[];
}): readonly string[] {
  const { replacements, toReplace } = evidence;
  const reasons = toReplace.flatMap((target) => {
    const r = replacements.find((row) => row.target === target);
    return r === undefined ? [`${target} was never taken out and attached again`] : gaps(r);
  });
  const others = replacements.filter((r) => !toReplace.includes(r.target)).flatMap(gaps);
  return toReplace.length === 0 ? ['the pipeline replaces no target', ...others] : [...reasons, ...others];
}

function gaps(r: Replacement): readonly string[] {
  if (r.role === 'green')
    return [
      ...(r.left ? [] : [`${r.target} (green) was not shown to be out before its attach`]),
      ...(r.returned ? [] : [`${r.target} (green) was not seen to serve the new version`]),
    ];
  return [
    ...(r.left
      ? []
      : [
          r.lastRoutedAt === null && r.silentSends > 0
            ? `${r.target} answered nothing before its detach, so it was not seen to leave rotation`
            : `${r.target} was not seen to leave rotation (${r.silentSends} requests went elsewhere in a row ${r.role === 'blue' ? 'after its detach' : 'before its attach'})`,
        ]),
    ...(r.returned || r.role === 'blue' ? [] : [`${r.target} was not seen to serve the new version after its attach`]),
    ...((r.maybeStale ?? 0) > 0
      ? [
          `${r.target} answered ${counted(r.maybeStale ?? 0, 'time')} with what it ran before, when it may already have been attached again`,
        ]
      : []),
    ...(r.left && r.returned && !r.replaced ? [`${r.target} was not seen to be replaced by a new process`] : []),
  ];
}

/** `g1 came in and b1 left` of a blue-green deploy; null of any other. */
export function movedText(replacements: readonly Replacement[]): string | null {
  const named = (role: 'green' | 'blue') => replacements.filter((r) => r.role === role).map((r) => r.target);
  if (named('green').length === 0) return null;
  return `${listed(named('green'))} came in with the new version and ${listed(named('blue'))} left`;
}

export const targetsReplaced: Check = {
  meta,
  evaluate(evidence) {
    const reasons = unprovenTargets(evidence);
    const figures = {
      measured: `${evidence.replacements.filter((r) => r.replaced).length} proven`,
      threshold: `${evidence.toReplace.length} targets`,
    };
    if (reasons.length === 0)
      return passed(
        meta,
        `${movedText(evidence.replacements) ?? `${listed(evidence.toReplace)} left, changed version and came back`}`,
        figures,
      );
    return inconclusive(meta, 'REPLACEMENT_UNPROVEN', {
      ...figures,
      message: reasons.join('; '),
      hint: 'Let every response carry the target and version headers (service.identity), raise the sleeps or traffic.rate, and check that the deploy changes the version.',
    });
  },
};
