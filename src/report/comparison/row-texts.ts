import type { Comparison, VariantRow } from '../../domain/comparison.js';
import { count, duration, durationBound, percent } from '../figures.js';

/** The words of a row's standing; never colour alone. */
export const STANDING: Readonly<Record<VariantRow['standing'], string>> = {
  proven: 'proven',
  clean: 'clean, not proven',
  downtime: 'downtime',
  unknown: 'unknown',
};

/** A column of the table: its head, whether figures stand in it, and its text for a row. */
export interface RowColumn {
  readonly head: string;
  readonly figures: boolean;
  readonly of: (row: VariantRow, comparison: Comparison) => string;
}

const spread = (low: number | null, high: number | null): string =>
  low === null || high === null || low === high ? '' : ` (${duration(low)} … ${duration(high)})`;

/** Against the fastest clean variant, as hyperfine's `Relative`. */
function relative(row: VariantRow, { rows }: Comparison): string {
  const clean = rows.filter((r) => r.bad === 0 && r.runs > 0 && r.deployMs !== null);
  const fastest = Math.min(...clean.map((r) => r.deployMs ?? Number.POSITIVE_INFINITY));
  if (row.deployMs === null || !Number.isFinite(fastest) || !(fastest > 0)) return '–';
  return (row.deployMs / fastest).toFixed(2);
}

const signed = (ms: number | null): string =>
  ms === null ? '–' : Math.abs(ms) < 50 ? '±0' : `${ms > 0 ? '+' : ''}${duration(ms)}`;

/** The table of variants, the same in every report. */
export const ROW_COLUMNS: readonly RowColumn[] = [
  { head: 'Variant', figures: false, of: (r) => r.variant.label },
  { head: 'Standing', figures: false, of: (r) => STANDING[r.standing] },
  { head: 'Runs', figures: true, of: (r) => `${r.runs}${r.undecided > 0 ? ` (+${r.undecided} undecided)` : ''}` },
  { head: 'With downtime', figures: true, of: (r) => (r.runs === 0 ? '–' : `${r.bad} of ${r.runs}`) },
  {
    head: 'P(downtime) ≤',
    figures: true,
    of: (r) => (r.runs === 0 || r.downtimeUpper >= 0.9995 ? '–' : percent(r.downtimeUpper, 'up')),
  },
  {
    head: 'Failed',
    figures: true,
    of: (r) =>
      `${count(r.failed)}${r.failedMax > 0 && r.runs > 1 ? ` (${count(r.failedMin)} … ${count(r.failedMax)})` : ''}`,
  },
  { head: 'Longest outage', figures: true, of: (r) => (r.longestOutageMs > 0 ? duration(r.longestOutageMs) : '–') },
  { head: 'Longest need', figures: true, of: (r) => durationBound(r.needMaxMs) },
  { head: 'Least margin', figures: true, of: (r) => duration(r.minMarginMs) },
  { head: 'Deploy time', figures: true, of: (r) => `${duration(r.deployMs)}${spread(r.deployMinMs, r.deployMaxMs)}` },
  { head: 'Against now', figures: true, of: (r) => signed(r.deltaMs) },
  { head: 'Relative', figures: true, of: relative },
  { head: 'Requests', figures: true, of: (r) => count(r.requests) },
  { head: 'Failure rate ≤', figures: true, of: (r) => percent(r.rateUpper, 'up') },
];
