import type { RunResult } from '../../domain/result.js';
import { count, duration, outageSpan, percent } from '../figures.js';
import { oneLine } from '../visible-text.js';

/** Untrusted text inside Markdown that ends up in a ticket: no markup, no mention, no link, one line. */
function plain(text: string): string {
  return oneLine(text, 600).replace(/[\\`*_{}[\]()<>#+!|~@&]/g, (c) =>
    c === '@' ? '@\u200b' : c === '&' ? '&amp;' : `\\${c}`,
  );
}

/** The gist of the page for a ticket or a chat: what the copy button gives. */
export function summaryMarkdown(result: RunResult): string {
  const { verdict, counts, run, outages } = result;
  const lines = [`**${verdict.kind}** ${plain(run.scenario.name)}: ${plain(verdict.sentence)}`, ''];
  if (verdict.codes.length > 0) lines.push(`Codes: ${verdict.codes.map(plain).join(', ')}`, '');
  lines.push(
    '| failed | judged | longest outage | p99 deploy / baseline | deploy time | asleep |',
    '|---|---|---|---|---|---|',
  );
  const longest = outages.reduce((top, o) => Math.max(top, o.durationEstimateMs), 0);
  const rate = counts.judged > 0 ? ` (${percent(counts.failed / counts.judged)})` : '';
  lines.push(
    `| ${count(counts.failed)}${rate} | ${count(counts.judged)} | ${outages.length > 0 ? duration(longest) : '–'} | ${duration(result.latency.deploy?.p99 ?? null)} / ${duration(result.latency.baseline?.p99 ?? null)} | ${duration(run.deployMs)} | ${duration(run.asleepMs)} |`,
    '',
  );
  for (const o of outages)
    lines.push(
      `- ${outageSpan(o)}: ${count(o.failures)} failed${o.stepBefore === null ? '' : ` after ${plain(o.stepBefore)}`}. ${plain(o.causes[0].sentence)}`,
    );
  for (const sentence of result.claims.sentences) lines.push(`- ${plain(sentence)}`);
  if (verdict.nextAction !== null) lines.push('', `Next: ${plain(verdict.nextAction)}`);
  return `${lines.join('\n')}\n`;
}
