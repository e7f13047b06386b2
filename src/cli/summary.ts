import { join, relative } from 'node:path';
import type { PreflightFinding } from '../domain/event.js';
import { ansiStyle } from '../report/ansi-style.js';
import { asciiText, isAsciiLocale } from '../report/ascii.js';
import { renderConsole } from '../report/console.js';
import { renderJson } from '../report/json.js';
import { plainLine } from '../report/plain-text.js';
import type { Derived } from './derive.js';
import { type Io, wantsColour } from './io.js';
import { tellCi } from './tell-ci.js';

/** The last words of a run: the summary for people, or the one JSON document for programs, on stdout. */
export function printResult(derived: Derived, dir: string, options: { readonly json: boolean }, io: Io): void {
  for (const note of derived.notes) io.stderr.write(`note: ${plainLine(note)}\n`);
  const file = (name: string) => join(dir, 'derived', name);
  tellCi(derived.result, { report: file('report.html'), junit: file('junit.xml') }, io);
  if (options.json) {
    io.stdout.write(renderJson(derived.result));
    return;
  }
  const path = (name: string) => {
    const absolute = file(name);
    const near = relative(io.cwd, absolute);
    return near.startsWith('..') ? absolute : near;
  };
  const paths = { report: path('report.html'), junit: path('junit.xml') };
  const text = renderConsole(derived.result, { color: wantsColour(io.stdout, io.env), paths });
  io.stdout.write(isAsciiLocale(io.env) ? asciiText(text) : text);
}

const MARKS = { ok: ['ok     ', 'green'], warning: ['warning', 'yellow'], refused: ['REFUSED', 'red'] } as const;

/** Preflight findings, one line each, the hint below. */
export function findingsText(findings: readonly PreflightFinding[], colour = false): string {
  const style = ansiStyle(colour);
  return findings
    .map((finding) => {
      const [mark, name] = MARKS[finding.level];
      const hint =
        finding.hint === null || finding.level === 'ok' ? '' : `          hint: ${plainLine(finding.hint)}\n`;
      return `  ${style(name, mark)} ${plainLine(finding.message)}\n${hint}`;
    })
    .join('');
}
