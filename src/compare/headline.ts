import type { Comparison, Recommendation, VariantRow } from '../domain/comparison.js';
import { formatDuration } from '../domain/time.js';

/** The first sentence of a study, and how much it stands on. */
export function headlineOf(
  recommendations: readonly Recommendation[],
  rows: readonly VariantRow[],
  facts: {
    readonly targets: number;
    readonly current: { readonly afterDetachMs: number; readonly afterAttachMs: number };
  },
  complete: boolean,
): Pick<Comparison, 'headline' | 'standing'> {
  const begun = complete ? '' : 'So far: ';
  if (rows.every((r) => r.runs === 0))
    return { headline: 'No deploy was counted, so nothing is known.', standing: 'none' };
  const blocked = recommendations.find((r) => r.otherCauses.length > 0 || r.nonMonotone !== null);
  if (blocked !== undefined) return { headline: `${begun}${blocked.statement}`, standing: 'other-cause' };
  if (recommendations.length === 0)
    return { headline: `${begun}${rows.map((r) => r.statement).join('; ')}.`, standing: 'none' };
  const shown = recommendations.map((r) => r.byNeedMs ?? r.byRunsMs);
  if (shown.every((ms) => ms !== null)) {
    const names = recommendations.map((r, i) => `${named(r)} ${formatDuration(shown[i] ?? Number.NaN)}`);
    return {
      headline: `${begun}Smallest ${names.join(', ')}.${savingOf(recommendations, shown, facts)}`,
      standing: 'proven',
    };
  }
  const observed = recommendations.some((r) => r.observedMinimumMs !== null);
  return { headline: `${begun}${recommendations.map(withGroup).join(' ')}`, standing: observed ? 'observed' : 'none' };
}

const withGroup = (r: Recommendation): string => (r.group === '' ? r.statement : `${r.group}: ${r.statement}`);
const named = (r: Recommendation): string => `safe ${r.of}${r.group === '' ? '' : ` (${r.group})`}:`;

/** What the scenario's own sleeps cost beyond the recommended ones, where there is one group of them. */
function savingOf(
  recommendations: readonly Recommendation[],
  shown: readonly (number | null)[],
  { targets, current }: Parameters<typeof headlineOf>[2],
): string {
  if (new Set(recommendations.map((r) => r.group)).size !== 1) return '';
  let savedMs = 0;
  for (const [i, r] of recommendations.entries()) {
    const ms = shown[i] ?? 0;
    if (r.of !== 'sleep after attach') savedMs += current.afterDetachMs - ms;
    if (r.of !== 'sleep after detach') savedMs += current.afterAttachMs - ms;
  }
  savedMs *= targets;
  if (savedMs === 0) return '';
  const how = savedMs > 0 ? 'shorter' : 'longer';
  return ` A deploy gets ${formatDuration(Math.abs(savedMs))} ${how} than with the scenario's own sleeps.`;
}
