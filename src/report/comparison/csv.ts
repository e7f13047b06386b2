import type { Comparison, RunSummary, StudyRun } from '../../domain/comparison.js';
import { visibleText } from '../visible-text.js';

type Column = readonly [name: string, of: (run: StudyRun, comparison: Comparison) => string | number | boolean | null];

const most = (values: readonly (number | null)[]): number | null =>
  values.length === 0 || values.includes(null) ? null : Math.max(...values.map((v) => v ?? 0));
const detachNeed = (s: RunSummary): number | null => most(s.targets.map((t) => (t.tooShort ? null : t.detachNeedMs)));
const attachLag = (s: RunSummary): number | null => most(s.targets.slice(0, -1).map((t) => t.attachLagMs));

const COLUMNS: readonly Column[] = [
  ['variant', (r, c) => c.rows[r.variant]?.variant.label ?? ''],
  ['repeat', (r) => r.block + 1],
  ['attempt', (r) => r.attempt],
  ['counted', (r) => r.counted],
  ['verdict', (r) => r.summary.verdict],
  ['codes', (r) => r.summary.codes.join(' ')],
  ['sleep_after_detach_ms', (r) => r.summary.afterDetachMs],
  ['sleep_after_attach_ms', (r) => r.summary.afterAttachMs],
  ['wait', (r) => r.summary.wait],
  ['version', (r) => r.summary.version],
  ['requests', (r) => r.summary.judged],
  ['failed', (r) => r.summary.failed],
  ['longest_outage_ms', (r) => r.summary.longestOutageMs],
  ['total_outage_ms', (r) => r.summary.totalOutageMs],
  ['deploy_ms', (r) => r.summary.deployMs],
  ['asleep_ms', (r) => r.summary.asleepMs],
  ['need_after_detach_ms', (r) => detachNeed(r.summary)],
  ['lag_after_attach_ms', (r) => attachLag(r.summary)],
  ['margin_ms', (r) => r.summary.marginMs],
  ['p99_baseline_ms', (r) => r.summary.p99BaselineMs],
  ['p99_deploy_ms', (r) => r.summary.p99DeployMs],
  ['started_at', (r) => r.summary.startedAt],
  ['run', (r) => r.summary.runId],
  ['directory', (r) => r.summary.dir],
];

/**
 * One line per attempt, for a spreadsheet (RFC 4180). Text that a spreadsheet would take for a formula gets an
 * apostrophe before it (OWASP, CSV injection); numbers stay numbers.
 */
export function comparisonCsv(comparison: Comparison): string {
  const lines = comparison.runs.map((run) => COLUMNS.map(([, of]) => cell(of(run, comparison))).join(','));
  return `${[COLUMNS.map(([name]) => name).join(','), ...lines].join('\r\n')}\r\n`;
}

function cell(value: string | number | boolean | null): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const text = visibleText(value).replace(/[\n\t]/g, ' ');
  const safe = /^[\s]*[=+\-@|%]/.test(text) ? `'${text}` : text;
  return /[",;']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
