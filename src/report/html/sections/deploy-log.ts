import type { RunResult } from '../../../domain/result.js';
import { clockSpan, duration } from '../../figures.js';
import { statusMark } from '../icon.js';
import { html, type Markup } from '../markup.js';
import { zoomLink } from '../svg/lanes.js';
import { section } from '../table.js';

/** argv as one would type it: words with anything special in them are quoted. For reading, not for running. */
export function typed(command: readonly string[]): string {
  return command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}

/** What each deploy ran, how it ended and the tail of what it said. */
export function deployLogSection(result: RunResult): Markup {
  const { deploys } = result.timeline;
  const entries = deploys.map((d) => {
    const ok = d.exitCode === 0 && d.error === null;
    const end = d.exitCode === null ? 'no exit code' : `exit code ${d.exitCode}`;
    return html`<details class="deploy"${ok ? null : html` open`}><summary>${statusMark(ok ? 'pass' : 'fail')} deploy ${d.target}: ${end}, ${duration(d.endedAt - d.startedAt)}</summary><p><a href="${zoomLink(d.startedAt, d.endedAt)}">${clockSpan(d.startedAt, d.endedAt, 3)}</a> <code>${typed(d.command)}</code></p>${d.error === null ? null : html`<p class="bad">${d.error}</p>`}<pre tabindex="0">${d.outputTail === '' ? '(no output)' : d.outputTail}</pre></details>`;
  });
  return section('deploys', 'Deploy log', html`${entries}`, deploys.length === 0 ? 'No deploy command ran.' : null);
}
