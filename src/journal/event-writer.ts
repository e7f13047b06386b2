import { readFileSync, statSync, truncateSync } from 'node:fs';
import type { RunEvent, RunHeader } from '../domain/event.js';
import { NOT_RECORDED } from '../domain/evidence.js';
import { type AppendFile, openAppendFile } from './append-file.js';
import { eventProblem, headerProblem } from './event-shape.js';
import { diskError, onDisk } from './run-directory.js';

/** Appends facts to events.ndjson; what `append` returned from survives a kill of this process. */
export interface EventWriter {
  /**
   * One line per fact. Kinds that a crash must not forget (see SYNCED) are fsync'd whatever `sync` says.
   * Throws DISK_WRITE_FAILED; the lines before stay readable.
   */
  append(event: RunHeader | RunEvent, options?: { readonly sync?: boolean }): void;
  close(): void;
}

/** A power cut after these must not forget that a target may be detached, or how the run ended. */
const SYNCED: ReadonlySet<string> = new Set([
  'header',
  'step-intent',
  'balancer-call',
  'deploy-started',
  'external-started',
  'external-process',
  'recovery',
  'interrupted',
  'run-ended',
]);

/**
 * Opens `file` for appending. A file left by a killed run may end in half a line: the half is replaced by a
 * warning that says so, because a line glued onto it would make the whole run unreadable.
 */
export function openEventWriter(file: string): EventWriter {
  const out = onDisk(`cannot open ${file}`, () => {
    const repair = repairOf(file);
    const opened = openAppendFile(file);
    if (repair !== null) opened.append(Buffer.from(repair));
    return opened;
  });
  let open = true;
  return {
    append(event, options = {}) {
      write(out, file, `${JSON.stringify(readable(event))}\n`, options.sync === true || SYNCED.has(event.kind));
    },
    close() {
      if (!open) return;
      open = false;
      onDisk(`cannot close ${file}`, () => {
        try {
          out.sync();
        } finally {
          out.close();
        }
      });
    },
  };
}

function write(out: AppendFile, file: string, line: string, sync: boolean): void {
  try {
    out.append(Buffer.from(line));
    if (sync) out.sync();
  } catch (cause) {
    throw diskError(`cannot write to ${file}`, cause);
  }
}

/** A fact that could not be read back (a NaN becomes null in JSON) is recorded as a warning, never as a poisoned line. */
function readable(event: RunHeader | RunEvent): RunHeader | RunEvent {
  if (event.kind === 'header') {
    const problem = headerProblem(event);
    if (problem !== null) throw diskError('this header could not be read back', new Error(problem));
    return event;
  }
  const problem = eventProblem(event);
  if (problem === null) return event;
  const at = Number.isFinite(event.at) ? event.at : 0;
  return { kind: 'warning', at, message: `a ${event.kind} event ${NOT_RECORDED}: ${problem}` };
}

/** Removes a cut last line and returns what has to be written in its place; null for a new or whole file. */
function repairOf(file: string): string | null {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return null;
  const text = readFileSync(file);
  const whole = text.lastIndexOf(10) + 1;
  if (whole === text.length) return null;
  if (isJson(text.toString('utf8', whole))) return '\n';
  truncateSync(file, whole);
  if (whole === 0) return null;
  const at = lastInstant(text.toString('utf8', 0, whole));
  const message = `events.ndjson was cut: ${text.length - whole} bytes of an unfinished line were removed`;
  return `${JSON.stringify({ kind: 'warning', at, message } satisfies RunEvent)}\n`;
}

function lastInstant(whole: string): number {
  const line = whole.trimEnd().split('\n').at(-1) ?? '';
  if (!isJson(line)) return 0;
  const { at } = JSON.parse(line) as { at?: unknown };
  return typeof at === 'number' ? at : 0;
}

function isJson(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch (error) {
    void error;
    return false;
  }
}
