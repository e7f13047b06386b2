import { join, relative } from 'node:path';
import { cleanDeploysFor, prospects } from '../compare/budget.js';
import { sleepAlong } from '../compare/run-needs.js';
import { sharedError } from '../compare/shared-error.js';
import { ratioText } from '../compare/statement.js';
import { axesOf } from '../compare/study-comparison.js';
import type { Comparison } from '../domain/comparison.js';
import { EXIT } from '../domain/errors.js';
import { formatDuration } from '../domain/time.js';
import { comparisonConsole } from '../report/comparison/console.js';
import { comparisonJson } from '../report/comparison/json.js';
import { plainLine } from '../report/plain-text.js';
import type { DerivedComparison } from './compare-derive.js';
import { type Io, wantsColour } from './io.js';
import type { StudyHeader } from './study-file.js';

/** What a study is going to do and could prove at best, before it touches anything. */
export function planText(header: StudyHeader, runsMs: readonly number[]): string {
  const { variants, repeats, alpha, limit } = header;
  const totalMs = runsMs.reduce((a, b) => a + b, 0) * repeats;
  const lines = [
    `${variants.length} variants × ${repeats} ${repeats === 1 ? 'repeat' : 'repeats'} = ${variants.length * repeats} runs, about ${formatDuration(totalMs)}; order and delays drawn from seed ${header.seed}`,
  ];
  const groups = [...new Set(variants.filter((v) => v.wait !== 'health').map((v) => v.group))];
  const ofGroup = (group: string) => variants.filter((v) => v.group === group);
  // As the judgement does it: the claims of a study hold together, each has its part of α.
  const claims = groups.reduce((sum, group) => sum + axesOf(ofGroup(group)).length, 0);
  for (const group of groups) {
    const own = ofGroup(group);
    const hasNeed = own.some((v) => v.wait === 'sleep');
    for (const axis of axesOf(own)) {
      const all = prospects(
        own.map((v) => sleepAlong(axis, v)),
        repeats,
        alpha / claims,
        hasNeed,
      );
      lines.push(
        `what it can prove at best${group === '' ? '' : `, ${plainLine(group)}`} (${axis}, ${ratioText(1 - alpha)} confidence):`,
      );
      for (const p of all)
        lines.push(
          `  ${formatDuration(p.sleepMs).padEnd(8)} downtime in at most ${ratioText(p.byRuns).padEnd(7)} of deploys by ${p.runs} clean ${p.runs === 1 ? 'run' : 'runs'}${hasNeed ? `; by the need of ${p.trials} ${p.trials === 1 ? 'deploy' : 'deploys'} ${ratioText(p.byNeed)}` : ''}`,
        );
      if (all.every((p) => Math.min(p.byRuns, p.byNeed) > limit))
        lines.push(
          `  a recommendation at ${ratioText(limit)} takes ${cleanDeploysFor(limit, sharedError(alpha / claims, hasNeed).runsAlpha)} clean deploys: this study can only end in “observed, not proven” (--at-most, --repeat)`,
        );
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The end of `compare` on stdout; the exit code says whether a sleep is proven. */
export function printComparison(derived: DerivedComparison, dir: string, json: boolean, io: Io): number {
  for (const note of derived.notes) io.stderr.write(`note: ${plainLine(note)}\n`);
  const page = join(dir, 'derived', 'comparison.html');
  const near = relative(io.cwd, page);
  if (json) io.stdout.write(comparisonJson(derived.comparison));
  else
    io.stdout.write(
      comparisonConsole(derived.comparison, {
        color: wantsColour(io.stdout, io.env),
        page: near.startsWith('..') ? page : near,
      }),
    );
  return exitCodeOf(derived.comparison);
}

/** 0 = a sleep is proven (or runs were merely laid side by side), 2 = nothing is. Never 1: a comparison fails nobody. */
export function exitCodeOf({ kind, standing }: Comparison): number {
  return kind === 'runs' || standing === 'proven' ? EXIT.pass : EXIT.inconclusive;
}
