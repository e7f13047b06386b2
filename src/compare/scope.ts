import type { Comparison, Place, Recommendation, VariantRow } from '../domain/comparison.js';
import { withGroup } from './headline.js';

const STRATEGIES =
  'Strategies do not roll the same fleet: rolling has every target in service when it begins and replaces each in place; blue-green begins with blue alone, has both groups in for a while, and ends with green alone.';

/** What a study shows and, as plainly, what it does not (verdict.md §8, scope). */
export function scopeOf(
  place: Place,
  rows: readonly VariantRow[],
  recommendations: readonly Recommendation[],
  complete: boolean,
): Pick<Comparison, 'proves' | 'doesNotProve'> {
  const proves = [
    ...recommendations.filter((r) => (r.byNeedMs ?? r.byRunsMs) !== null).map(withGroup),
    ...rows.filter((r) => r.runs > 0 && r.downtimeUpper < 0.9995).map((r) => `${r.statement}.`),
  ];
  const doesNotProve = [
    ...(complete
      ? []
      : ['The study is not complete: runs of its plan are missing, and its bounds are for what was run so far.']),
    ...recommendations.filter((r) => (r.byNeedMs ?? r.byRunsMs) === null).map(withGroup),
    ...rows
      .filter((r) => r.givenUp > 0)
      .map(
        (r) =>
          `${r.variant.label}: ${r.givenUp} of its places in the plan stayed undecided after every attempt; that counts as not safe.`,
      ),
    ...(rows.some((r) => r.variant.overrides.some((o) => o.path === 'rollout.strategy')) ? [STRATEGIES] : []),
    'It holds for this traffic: production needs the balancer’s own delay plus its own longest request, and a draining timeout no shorter than that.',
    place.balancerKind === 'lab'
      ? 'The lab proves the engine, the application’s shutdown and the lab’s own delays, never those of a real load balancer: run it there too, and keep its history apart.'
      : `It holds for ${place.balancerName} in ${place.environment}; another balancer has other delays.`,
    'Two targets of one deploy are not two deploys, and runs of one afternoon are not a year.',
  ];
  return { proves, doesNotProve };
}
