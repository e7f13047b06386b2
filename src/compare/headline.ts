import type { Comparison, Recommendation, VariantRow } from '../domain/comparison.js';
import { formatDuration } from '../domain/time.js';
import { deploysToProve } from './recommendation-statement.js';
import { ratioText } from './statement.js';

/** The first sentence of a study, and how much it stands on. Short: the whole statements stand below it. */
export function headlineOf(
  recommendations: readonly Recommendation[],
  rows: readonly VariantRow[],
  facts: {
    /** How often a deploy sleeps after a detach, and as often after an attach. */
    readonly sleeps: number;
    readonly current: { readonly afterDetachMs: number; readonly afterAttachMs: number };
  },
  complete: boolean,
): Pick<Comparison, 'headline' | 'standing'> {
  const begun = complete ? '' : 'So far: ';
  if (rows.every((r) => r.runs === 0))
    return { headline: 'No deploy was counted, so nothing is known.', standing: 'none' };
  const blocked = recommendations.find((r) => r.otherCauses.length > 0 || r.nonMonotone !== null);
  if (blocked !== undefined) return { headline: `${begun}${withGroup(blocked)}`, standing: 'other-cause' };
  if (recommendations.length === 0)
    return { headline: `${begun}${rows.map((r) => r.statement).join('; ')}.`, standing: 'none' };
  const shown = recommendations.map((r) => r.byNeedMs ?? r.byRunsMs);
  const isProven = shown.every((ms) => ms !== null);
  const observed = recommendations.some((r) => r.observedMinimumMs !== null);
  if (isAboutOthers(rows))
    return {
      headline: `${begun}${rows.map(besideTheOthers).join('; ')}.${toProve(recommendations)}`,
      standing: isProven ? 'proven' : observed ? 'observed' : 'none',
    };
  if (isProven) {
    const names = recommendations.map((r, i) => `${named(r)} ${formatDuration(shown[i] ?? Number.NaN)}`);
    return {
      headline: `${begun}Smallest ${names.join(', ')}.${savingOf(recommendations, shown, facts)}${gatedText(rows)}`,
      standing: 'proven',
    };
  }
  const found = recommendations.map((r, i) => unproven(r, shown[i] ?? null)).join('; ');
  return {
    headline: `${begun}${complete ? capital(found) : found}.${toProve(recommendations)}${gatedText(rows)}`,
    standing: observed ? 'observed' : 'none',
  };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `sleep 5 s: observed, not proven (longest need seen 2 s)`. */
function unproven(r: Recommendation, provenMs: number | null): string {
  const of = `${r.of}${r.group === '' ? '' : ` (${r.group})`}`;
  if (provenMs !== null) return `${of} ${formatDuration(provenMs)}: proven`;
  const row = r.table.find((each) => each.sleepMs === r.observedMinimumMs);
  const more =
    row === undefined || row.needMore === 0 ? '' : `, though ${row.needMore} of ${row.trials} needed more or may have`;
  const need = r.provisional === null ? more : ` (longest need seen ${formatDuration(r.provisional.needMs)})`;
  if (r.observedMinimumMs === null) return `no ${of} was without downtime at it and above${need}`;
  return `${of} ${formatDuration(r.observedMinimumMs)}: observed, not proven${need}`;
}

function toProve(recommendations: readonly Recommendation[]): string {
  const open = recommendations.filter((r) => r.byNeedMs === null && r.byRunsMs === null);
  const takes = Math.max(...open.map((r) => deploysToProve(r)));
  const limit = open[0]?.limit;
  if (limit === undefined || !Number.isFinite(takes)) return '';
  return ` To prove downtime in at most ${ratioText(limit)} of deploys takes ${takes} clean ones.`;
}

/** A wait on the balancer's own word stands beside the sleeps: what it did, and what it costs against them. */
function gatedText(rows: readonly VariantRow[]): string {
  const clean = rows.filter((r) => r.variant.wait === 'sleep' && r.runs > 0 && r.bad === 0);
  const quickest = Math.min(...clean.map((r) => r.deployMs ?? Number.POSITIVE_INFINITY));
  const against = Number.isFinite(quickest)
    ? ` (${formatDuration(quickest)} with the quickest sleep that had none)`
    : '';
  return rows
    .filter((r) => r.variant.wait !== 'sleep' && r.runs > 0)
    .map(({ variant, bad, runs, deployMs }) => {
      const took = deployMs === null ? '' : `, a deploy took ${formatDuration(deployMs)}${against}`;
      return ` ${variant.label}: ${bad} of ${runs} deploys had downtime${took}.`;
    })
    .join('');
}

/** What is said of a sleep, with what else was set when it was slept. */
export const withGroup = (r: Recommendation): string => (r.group === '' ? r.statement : `${r.group}: ${r.statement}`);

/** Nobody swept a sleep, but something else: how the variants did beside each other is then what was asked. */
function isAboutOthers(rows: readonly VariantRow[]): boolean {
  const isSleep = (path: string) => path === 'rollout.wait' || path.startsWith('rollout.sleep');
  return rows.every(({ variant: { overrides } }) => overrides.length > 0 && overrides.every((o) => !isSleep(o.path)));
}

function besideTheOthers({ variant, bad, runs, deployMs }: VariantRow): string {
  if (runs === 0) return `${variant.label}: no deploy was counted`;
  const took = deployMs === null ? '' : `, ${formatDuration(deployMs)} each`;
  return `${variant.label}: ${bad} of ${runs} deploys had downtime${took}`;
}

const named = (r: Recommendation): string => `safe ${r.of}${r.group === '' ? '' : ` (${r.group})`}:`;

/** What the scenario's own sleeps cost beyond the recommended ones, where there is one group of them. */
function savingOf(
  recommendations: readonly Recommendation[],
  shown: readonly (number | null)[],
  { sleeps, current }: Parameters<typeof headlineOf>[2],
): string {
  if (new Set(recommendations.map((r) => r.group)).size !== 1) return '';
  let savedMs = 0;
  for (const [i, r] of recommendations.entries()) {
    const ms = shown[i] ?? 0;
    if (r.of !== 'sleep after attach') savedMs += current.afterDetachMs - ms;
    if (r.of !== 'sleep after detach') savedMs += current.afterAttachMs - ms;
  }
  savedMs *= sleeps;
  if (savedMs === 0) return '';
  const how = savedMs > 0 ? 'shorter' : 'longer';
  return ` A deploy gets ${formatDuration(Math.abs(savedMs))} ${how} than with the scenario's own sleeps.`;
}
