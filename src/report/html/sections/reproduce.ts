import type { RunResult } from '../../../domain/result.js';
import { wallTime } from '../../figures.js';
import type { ChartImage } from '../assets.js';
import { statusMark } from '../icon.js';
import { type Hole, html, type Markup } from '../markup.js';
import { section } from '../table.js';
import { typed } from './deploy-log.js';

function preflight(result: RunResult): Hole {
  const { preflight: findings } = result.run;
  if (findings.length === 0) return null;
  const mark = { ok: 'pass', warning: 'warning', refused: 'fail' } as const;
  const items = findings.map(
    (f) =>
      html`<li>${statusMark(mark[f.level])} ${f.message}${f.hint === null ? null : html` <span class="todo">${f.hint}</span>`}</li>`,
  );
  return html`<details><summary>Preflight findings</summary><ul class="plain">${items}</ul></details>`;
}

/** Everything needed to run the same again, and where the raw facts lie. */
export function reproduceSection(result: RunResult, charts: readonly ChartImage[]): Markup {
  const { run } = result;
  const lab = run.scenario.balancer.kind === 'lab' ? `, lab ${run.scenario.balancer.seed}` : '';
  const tools = Object.entries(run.tools).map(([name, version]) => `${name} ${version}`);
  const facts: (readonly [string, Hole])[] = [
    ['command', html`<code>${typed(run.command)}</code>`],
    ['scenario file', run.scenarioFile ?? 'none'],
    ['run', run.id],
    ['started', wallTime(run.startedAtWall) || run.startedAtWall],
    ['rollproof', run.toolVersion],
    ['git revision', run.gitRevision ?? 'not in a git checkout'],
    ['tools', tools.length === 0 ? 'none recorded' : tools.join(', ')],
    ['seeds', `traffic ${run.scenario.traffic.seed}${lab}`],
    ['request timeout', `${run.scenario.traffic.timeoutMs} ms: slower than that counts as down`],
  ];
  // Pictures stay beside the page: the page draws its own, and they would be three quarters of its bytes.
  const beside = ['result.json', 'report.md', 'junit.xml', 'failures.ndjson'].map((f): [string, string] => [f, f]);
  const pictures = charts.map((c): [string, string] => [`charts/${c.name}`, c.title]);
  const files = [...beside, ...pictures].map(([f, words]) => html`<li><a href="${f}">${words}</a></li>`);
  return section(
    'reproduce',
    'Reproduce',
    html`<dl class="facts wide">${facts.map(([k, v]) => html`<div><dt>${k}</dt><dd>${v}</dd></div>`)}</dl>${preflight(result)}<details><summary>Resolved scenario (secrets redacted)</summary><pre tabindex="0">${JSON.stringify(run.scenario, null, 2)}</pre></details><p>Beside this file:</p><ul class="inline">${files}</ul>`,
  );
}
