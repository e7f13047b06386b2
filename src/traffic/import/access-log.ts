import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { RollproofError } from '../../domain/errors.js';
import { type AccessRow, accessRow } from './access-line.js';

const LINE_MAX = 64 * 1024;

/** What became of the lines of a file. */
export interface AccessLines {
  readonly lines: number;
  readonly malformed: number;
  /** Lines about connections without requests. */
  readonly tcp: number;
}

/**
 * Reads an access log line by line, plain or gzipped, whatever its size. Lines that are none of the known formats, or
 * longer than 64 KB, are counted and left out.
 * @throws RollproofError ARGUMENT_INVALID when the file cannot be read, or holds not one line of those formats.
 */
export async function readAccessLog(path: string, onRow: (row: AccessRow) => void): Promise<AccessLines> {
  const counts = { lines: 0, malformed: 0, tcp: 0 };
  const take = (line: string): void => {
    if (line === '') return;
    counts.lines++;
    const row = line.length > LINE_MAX ? null : accessRow(line);
    if (row === null) counts.malformed++;
    else if (row === 'tcp') counts.tcp++;
    else onRow(row);
  };
  try {
    let rest = '';
    for await (const chunk of textOf(path)) {
      const lines = (rest + chunk).split('\n');
      // What is too long already is remembered as such, and no more of it.
      rest = (lines.pop() ?? '').slice(0, LINE_MAX + 1);
      for (const line of lines) take(line.endsWith('\r') ? line.slice(0, -1) : line);
    }
    take(rest);
  } catch (cause) {
    throw notReadable(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (counts.lines > 0 && counts.malformed === counts.lines)
    throw notReadable(path, 'none of its lines is one of a Classic or an Application Load Balancer');
  return counts;
}

async function* textOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const bytes = isGzip(path) ? file.pipe(createGunzip()) : file;
  file.on('error', (cause) => bytes.destroy(cause));
  for await (const chunk of bytes) yield (chunk as Buffer).toString('latin1');
}

function isGzip(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(2);
    return readSync(fd, head, 0, 2, 0) === 2 && head[0] === 0x1f && head[1] === 0x8b;
  } finally {
    closeSync(fd);
  }
}

function notReadable(path: string, why: string, cause?: unknown): RollproofError {
  return new RollproofError('ARGUMENT_INVALID', `${path}: ${why}`, {
    hint: 'give access log files as AWS delivers them to S3, .log or .log.gz',
    cause,
  });
}
