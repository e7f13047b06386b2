import type { AccessLogFacts, AccessLogSummary } from '../domain/access-log.js';
import { ORIGINS, SAMPLE_CLASSES } from '../domain/outage.js';
import type { SampleTable } from '../domain/sample.js';
import type { Span } from '../domain/time.js';
import type { ClassColumns } from './classify.js';
import type { JudgedSamples } from './judged-samples.js';

/** How far the balancer's wall clock and ours may be apart. */
const CLOCK_MS = 1_000;
/** From so many good answers with a line of their own on, a request without one says something. */
const WHOLE_FROM = 0.99;
const UNKNOWN_5XX = SAMPLE_CLASSES.indexOf('http_5xx');
const BALANCER_5XX = SAMPLE_CLASSES.indexOf('http_5xx_lb');
const BALANCER = ORIGINS.indexOf('lb');

/** Finds the log's line of a request, or −1. */
export type LineOf = (row: number) => number;

/**
 * Tells requests' lines by the client's port, the status and the time. A port serves one connection at a time; of several
 * requests on it the one whose arrival lies nearest to the sending.
 */
export function lineFinder(table: SampleTable, log: AccessLogFacts): LineOf {
  const byPort = linesByPort(log);
  const { localPort } = table;
  if (localPort === undefined) return () => -1;
  return (row) => {
    const lines = byPort.get(localPort.at(row));
    if (lines === undefined) return -1;
    const status = table.status.at(row);
    const sentAt = table.sentAt.at(row);
    const until = table.endedAt.at(row) + CLOCK_MS;
    let best = -1;
    let away = Number.POSITIVE_INFINITY;
    for (let k = firstFrom(lines, log.at, sentAt - CLOCK_MS); k < lines.length; k++) {
      const line = lines[k]!;
      const at = log.at[line]!;
      // Also ends where a time is not known.
      if (!(at <= until)) break;
      const distance = Math.abs(at - sentAt);
      if ((status !== 0 && log.status[line] !== status) || distance >= away) continue;
      best = line;
      away = distance;
    }
    return best;
  };
}

/** The lines of this run's requests by the client's port, in order of time. */
function linesByPort(log: AccessLogFacts): ReadonlyMap<number, readonly number[]> {
  const byPort = new Map<number, number[]>();
  for (let line = 0; line < log.length; line++) {
    if (log.ours[line] !== 1 || log.port[line] === 0) continue;
    const lines = byPort.get(log.port[line]!);
    if (lines === undefined) byPort.set(log.port[line]!, [line]);
    else lines.push(line);
  }
  for (const lines of byPort.values()) lines.sort((a, b) => log.at[a]! - log.at[b]!);
  return byPort;
}

function firstFrom(lines: readonly number[], at: Float64Array, from: number): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at[lines[middle]!]! < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * A 5xx of which nobody could say who made it was made by the balancer when its own log says that it got no answer from
 * a target. It stays the failure it was; nothing else is taken from the log, so it can never excuse one.
 */
export function withLoggedOrigins(table: SampleTable, classes: ClassColumns, log: AccessLogFacts | null): ClassColumns {
  if (log === null || !classes.class.includes(UNKNOWN_5XX)) return classes;
  const lineOf = lineFinder(table, log);
  const kinds = Uint8Array.from(classes.class);
  const origins = Uint8Array.from(classes.origin);
  for (let row = 0; row < table.length; row++) {
    if (kinds[row] !== UNKNOWN_5XX) continue;
    const line = lineOf(row);
    if (line < 0 || log.targetStatus[line] !== 0) continue;
    kinds[row] = BALANCER_5XX;
    origins[row] = BALANCER;
  }
  return { ...classes, class: kinds, origin: origins };
}

/** The log held against the samples of the judged window. */
export function accessLogSummary(
  samples: JudgedSamples,
  log: AccessLogFacts | null,
  window: Span | null,
): AccessLogSummary | null {
  if (log === null) return null;
  const { files, lines, malformed, outside } = log;
  const own = ownSide(samples, log);
  const isWhole = own.answered > 0 && own.matched >= WHOLE_FROM * own.answered;
  return { files, lines, malformed, outside, ...own, isWhole, ...logSide(log, window) };
}

function ownSide({ table, inWindow, ok, failed }: JudgedSamples, log: AccessLogFacts) {
  const lineOf = lineFinder(table, log);
  const n = { matched: 0, answered: 0, seen5xx: 0 };
  const failures = { lbMade: 0, appMade: 0, cut: 0, unlogged: 0 };
  for (let row = 0; row < table.length; row++) {
    if (inWindow[row] === 0) continue;
    if (table.status.at(row) >= 500) n.seen5xx++;
    if (ok[row] === 1) n.answered++;
    if (ok[row] === 0 && failed[row] === 0) continue;
    const line = lineOf(row);
    if (ok[row] === 1) n.matched += line < 0 ? 0 : 1;
    else if (line < 0) failures.unlogged++;
    else if (log.targetStatus[line]! >= 500) failures.appMade++;
    else if (log.status[line]! >= 500) failures.lbMade++;
    else failures.cut++;
  }
  return { ...n, failures };
}

function logSide(log: AccessLogFacts, window: Span | null) {
  const n = { ours: 0, others: 0, logged5xx: 0, others5xx: 0, unreached: 0 };
  const backends = new Map<string, { requests: number; errors: number }>();
  for (let line = 0; line < log.length; line++) {
    if (window === null || log.at[line]! < window.from || log.at[line]! > window.to) continue;
    const isError = log.status[line]! >= 500;
    const target = log.target.values[log.target.codes[line]!] ?? null;
    if (log.ours[line] !== 1) {
      n.others++;
      n.others5xx += isError ? 1 : 0;
      continue;
    }
    n.ours++;
    n.logged5xx += isError ? 1 : 0;
    n.unreached += target === null ? 1 : 0;
    if (target === null) continue;
    const backend = backends.get(target) ?? { requests: 0, errors: 0 };
    backend.requests++;
    backend.errors += isError ? 1 : 0;
    backends.set(target, backend);
  }
  const all = [...backends].map(([backend, counts]) => ({ backend, ...counts }));
  return {
    ...n,
    backends: all.sort((a, b) => b.requests - a.requests || (a.backend < b.backend ? -1 : 1)).slice(0, 50),
  };
}
