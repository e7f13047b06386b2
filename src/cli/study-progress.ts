import { deployNeedMs } from '../compare/run-needs.js';
import type { NextRun } from '../compare/study-plan.js';
import type { StudyRun } from '../domain/comparison.js';
import { formatDuration } from '../domain/time.js';
import { plainLine } from '../report/plain-text.js';
import type { Io } from './io.js';
import type { StudyHeader } from './study-file.js';

/** Tells of a study on stderr: a line when a run starts, one when it ends; a terminal also sees the seconds pass. */
export interface StudyProgress {
  starts(next: NextRun, done: readonly StudyRun[], leftMs: readonly number[]): void;
  ended(run: StudyRun): void;
  /** Nothing runs any more, however it ended; harmless when nothing did. */
  stops(): void;
}

const TICK_MS = 1_000;

export function studyProgress(header: StudyHeader, io: Io, quiet: boolean): StudyProgress {
  if (quiet) return { starts: () => undefined, ended: () => undefined, stops: () => undefined };
  const pace = paceOf(io);
  const redraws = io.stderr.isTty && io.env.TERM !== 'dumb';
  let timer: NodeJS.Timeout | null = null;
  const clear = (): void => {
    if (timer !== null) clearInterval(timer);
    if (timer !== null) io.stderr.write('\r\x1b[K');
    timer = null;
  };
  return {
    starts(next, done, leftMs) {
      const expectedMs = pace.expected(leftMs[0] ?? 0);
      const total = done.filter((r) => r.counted).length + leftMs.length;
      const label = plainLine(header.variants[next.variant]?.label ?? '', 80);
      const again = next.attempt === 1 ? '' : `, attempt ${next.attempt}`;
      const left = formatDuration(leftMs.reduce((a, b) => a + pace.expected(b), 0));
      const number = total - leftMs.length + 1;
      const text = `run ${number} of ${total}  ${label}, repeat ${next.block + 1}${again}`;
      const began = io.monotonicNs();
      pace.begins(leftMs[0] ?? 0);
      if (!redraws) {
        io.stderr.write(`${text} (about ${left} left)\n`);
        return;
      }
      timer = setInterval(() => {
        const elapsed = Number(io.monotonicNs() - began) / 1e6;
        const line = `${text}  ${formatDuration(Math.round(elapsed / 1000) * 1000)} of ~${formatDuration(expectedMs)}, about ${left} left`;
        io.stderr.write(`\r\x1b[K${line.slice(0, Math.max(1, io.stderr.columns - 1))}`);
      }, TICK_MS);
    },
    ended(run) {
      clear();
      pace.ends();
      const { verdict, failed, judged, codes } = run.summary;
      const needMs = deployNeedMs(run.summary);
      const need = needMs === null ? 'need longer than seen' : `need ${formatDuration(needMs)}`;
      const why = codes.length === 0 ? '' : ` (${codes.join(', ')})`;
      const label = plainLine(header.variants[run.variant]?.label ?? '', 80);
      const repeated = run.counted ? '' : '; not counted, tried again';
      io.stderr.write(`  ${verdict.padEnd(12)} ${label}: ${failed} of ${judged} failed, ${need}${why}${repeated}\n`);
    },
    stops() {
      clear();
    },
  };
}

/** Runs take longer or shorter than reckoned by about the same factor: what is left is told by the last few. */
function paceOf(io: Io) {
  const ratios: number[] = [];
  let began: { readonly ns: bigint; readonly expectedMs: number } | null = null;
  return {
    begins(expectedMs: number) {
      began = { ns: io.monotonicNs(), expectedMs };
    },
    ends() {
      if (began !== null && began.expectedMs > 0)
        ratios.push(Number(io.monotonicNs() - began.ns) / 1e6 / began.expectedMs);
      began = null;
    },
    expected(ms: number): number {
      const recent = ratios.slice(-5);
      return recent.length === 0 ? ms : (ms * recent.reduce((a, b) => a + b, 0)) / recent.length;
    },
  };
}
