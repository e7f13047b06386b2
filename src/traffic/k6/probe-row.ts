import { LANES, type Lane } from '../../domain/sample.js';
import { blankRecord, type ForeignRecord } from '../foreign/foreign-record.js';
import { k6Error } from './k6-errors.js';

/** A row of `scenarios/k6/probe.ts`: the record, and what it says of the process that made it. */
export interface ProbeRow {
  readonly record: ForeignRecord;
  /** Start of the lane's grid and of this iteration on it, wall ms. */
  readonly startMs: number;
  readonly begunMs: number;
  /** The `Date` of the answer, whole seconds since the epoch; NaN = it had none, or the row is of an older probe. */
  readonly dateS: number;
}

const FORMAT = '1';
const FIELDS = 21;
const ROW = Buffer.from('rollproof,');
const DROP = Buffer.from('dropped_iterations,');

export type K6Line = 'probe' | 'dropped' | 'other';

/** What a CSV line is about, by its first bytes: most lines are k6's own metrics and nobody reads them. */
export function k6LineKind(bytes: Buffer, from: number, to: number): K6Line {
  if (startsWith(bytes, from, to, ROW)) return 'probe';
  return startsWith(bytes, from, to, DROP) ? 'dropped' : 'other';
}

function startsWith(bytes: Buffer, from: number, to: number, prefix: Buffer): boolean {
  if (to - from < prefix.length || bytes[from] !== prefix[0]) return false;
  return bytes.compare(prefix, 0, prefix.length, from, from + prefix.length) === 0;
}

/**
 * One line `rollproof,<ns>,<ms>,…,r=<fields>`; null when it is not one of ours or is broken. The end of the request is
 * k6's stamp (ns), taken right after it; the start of one that never got anywhere is the script's own (whole ms).
 */
export function parseProbeRow(line: string): ProbeRow | null {
  const at = line.indexOf('r=1|');
  const fields = at < 0 ? [] : line.slice(at + 2).split(/[|&,]/);
  if (fields.length < FIELDS || fields[0] !== FORMAT || !LANES.includes(fields[1] as Lane)) return null;
  const number = (index: number) => Number(fields[index]);
  const stamp = stampMs(line.slice(10, line.indexOf(',', 10)));
  const [blocked, connecting, toFirstByte, duration] = [number(15), number(16), number(17), number(18)];
  const sentMs = number(6);
  if (![stamp, number(2), number(4), number(5), sentMs, number(7), blocked, duration].every(Number.isFinite))
    return null;
  const { error, phase } = k6Error(number(8), text(fields[9]));
  // The script's clock is cut to whole ms; the stamp says more, unless the script was kept waiting after the end.
  const sentAt = Math.min(Math.max(sentMs, stamp - blocked - duration), sentMs + 1);
  const endedAt = error !== null && duration === 0 && blocked === 0 ? stamp : sentAt + blocked + duration;
  const status = error === null ? number(7) : 0;
  return {
    startMs: number(3),
    begunMs: number(4),
    dateS: /^\d+$/.test(fields[21] ?? '') ? number(21) : Number.NaN,
    record: {
      ...blankRecord(fields[1] as Lane, number(4) + number(5)),
      number: number(2),
      sentAt,
      connectedAt: phase === 'connect' || phase === 'dns' ? Number.NaN : sentAt + blocked,
      firstByteAt: status === 0 ? Number.NaN : sentAt + blocked + toFirstByte,
      endedAt,
      status,
      statusText: text(fields[10]).replace(/^\d{3} ?/, ''),
      server: text(fields[11]),
      error,
      errorPhase: phase,
      bodyOk: bodyOk(fields[20]),
      target: text(fields[12]),
      version: text(fields[13]),
      bootId: text(fields[14]),
      remoteIp: text(fields[19]),
      isReused: connecting === 0,
    },
  };
}

/** `dropped_iterations,<ns>,<count>,<scenario>,…`: arrivals that found no free VU. Null when broken. */
export function parseDropRow(
  line: string,
): { readonly at: number; readonly count: number; readonly lane: Lane } | null {
  const [, stamp = '', count = '', scenario = ''] = line.split(',', 4);
  const at = stampMs(stamp);
  const known = LANES.includes(scenario as Lane);
  return Number.isFinite(at) && Number(count) >= 1 && known
    ? { at, count: Math.round(Number(count)), lane: scenario as Lane }
    : null;
}

/** Unix time in ns as ms with fractions: 19 digits do not fit a number whole. */
function stampMs(digits: string): number {
  return /^\d{19}$/.test(digits) ? Number(digits.slice(0, 13)) + Number(digits.slice(13)) / 1e6 : Number.NaN;
}

/** A body check as the script wrote it. */
export function bodyOk(field: string | undefined): 0 | 1 | 2 {
  return field === '0' ? 0 : field === '1' ? 1 : 2;
}

/** A field as the script's `clean` wrote it. */
export function text(field: string | undefined): string {
  try {
    return decodeURIComponent(field ?? '');
  } catch (notEncoded) {
    void notEncoded;
    return field ?? '';
  }
}
