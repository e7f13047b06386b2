import { createWriteStream } from 'node:fs';
import type { NodeClock, NodeTimer } from './node-clock.js';

/** Where access log lines go. */
export interface AccessLog {
  append(line: string): void;
  /** Writes what is left and closes the file. */
  close(): Promise<void>;
}

/** Lines are written together this often: a write per request would cost more than the request. */
const FLUSH_MS = 200;
/** More than this is written at once, so that a burst does not pile up in memory. */
const FLUSH_CHARS = 256 * 1024;

/**
 * Appends to a file, made when the first line comes. A file that cannot be written is told once and costs no request:
 * from then on lines are dropped.
 */
export function fileAccessLog(file: string, clock: NodeClock, onFault: (cause: Error) => void): AccessLog {
  const stream = createWriteStream(file, { flags: 'a', encoding: 'utf8' });
  let pending = '';
  let timer: NodeTimer | null = null;
  let broken = false;
  stream.on('error', (cause) => {
    if (!broken) onFault(new Error(`access log ${file}: ${cause.message}`, { cause }));
    broken = true;
  });
  const flush = (): void => {
    timer?.cancel();
    timer = null;
    if (pending !== '' && !broken) stream.write(pending);
    pending = '';
  };
  return {
    append(line) {
      if (broken) return;
      pending += `${line}\n`;
      if (pending.length >= FLUSH_CHARS) flush();
      else timer ??= clock.after(FLUSH_MS, flush);
    },
    close() {
      flush();
      return new Promise((resolve) => {
        stream.once('close', () => resolve());
        stream.end();
        // An error before has closed it already.
        if (stream.closed) resolve();
      });
    },
  };
}
