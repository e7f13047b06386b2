import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { RollproofError } from '../domain/errors.js';
import { type AccessLogRow, writeAccessLog } from '../journal/access-log-file.js';
import { readEvents } from '../journal/event-reader.js';
import { runPaths } from '../journal/run-directory.js';
import { readAccessLog } from '../traffic/import/access-log.js';
import type { Io } from './io.js';

/** Clocks of the balancer and of this host may be apart, and a request may take long. */
const MARGIN_MS = 60_000;
const ROWS_MAX = 5_000_000;

/**
 * Puts what the balancer's access logs say of the time of a run beside the run's facts, in the place of what was imported
 * before. @throws RollproofError ARGUMENT_INVALID, RUN_DIRECTORY_INVALID, DISK_WRITE_FAILED.
 */
export async function importAccessLogs(dir: string, files: readonly string[], io: Io): Promise<void> {
  const paths = files.map((file) => resolve(io.cwd, file));
  const missing = paths.filter((path) => !existsSync(path));
  if (missing.length > 0)
    throw new RollproofError('ARGUMENT_INVALID', `${missing.join(', ')} does not exist`, { hint: 'check the path' });
  const { header, events } = readEvents(runPaths(dir).events);
  const origin = Date.parse(header.startedAtWall);
  const end = events.reduce((last, event) => Math.max(last, event.at), 0) + MARGIN_MS;
  const headers = Object.entries(header.scenario.service.headers);
  const agent = headers.find(([name]) => name.toLowerCase() === 'user-agent')?.[1] ?? 'rollproof';
  const rows: AccessLogRow[] = [];
  const counts = { lines: 0, malformed: 0, outside: 0 };
  for (const path of new Set(paths)) {
    const read = await readAccessLog(path, (row) => {
      const at = row.arrivedAt - origin;
      if (at < -MARGIN_MS || at > end || rows.length >= ROWS_MAX) counts.outside++;
      else rows.push([at, row.port, row.status, row.targetStatus, row.target, row.userAgent === agent ? 1 : 0]);
    });
    counts.lines += read.lines;
    counts.malformed += read.malformed;
    counts.outside += read.tcp;
  }
  writeAccessLog(dir, { files: paths.map((path) => basename(path)), ...counts }, rows);
}
