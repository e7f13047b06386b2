import { LANES, type Lane } from '../../domain/sample.js';
import { blankRecord } from '../foreign/foreign-record.js';
import { k6Error } from './k6-errors.js';
import { bodyOk, type ProbeRow, text } from './probe-row.js';

/** What every console row begins with, wherever in a log line it stands. */
export const CONSOLE_ROW = 'rp1|';

const PLAIN_FIELDS = 18;
const FAILED_FIELDS = 23;
const LANE_OF = new Map<string, Lane>(LANES.map((lane) => [lane[0]!, lane]));

/**
 * One row of `scenarios/k6/probe.ts` with `rows: console`; null when it is not whole. Times are the script's own whole
 * milliseconds, for k6 stamps no console line; durations are k6's, in µs.
 */
export function parseConsoleRow(line: string): ProbeRow | null {
  const fields = line.split('|');
  const isPlain = fields.length === PLAIN_FIELDS;
  if ((!isPlain && fields.length !== FAILED_FIELDS) || fields.at(-1) !== '.') return null;
  const base36 = (index: number) =>
    /^[0-9a-z]{1,11}$/.test(fields[index] ?? '') ? Number.parseInt(fields[index]!, 36) : Number.NaN;
  const us = (index: number) => base36(index) / 1000;
  const lane = LANE_OF.get(fields[1]?.[0] ?? '');
  const number = Number.parseInt(/^[0-9a-z]{1,11}$/.exec(fields[1]?.slice(1) ?? '')?.[0] ?? '', 36);
  const [startMs, wait, blocked, toFirstByte, duration] = [base36(2), us(4), us(7), us(9), us(10)];
  const begunMs = startMs + base36(3);
  const sentAt = begunMs + base36(5);
  const answered = Number(fields[6]);
  const failed = isPlain ? 0 : Number(fields[18]);
  const tookMs = isPlain ? 0 : base36(17);
  if (lane === undefined || ![number, sentAt, wait, blocked, toFirstByte, duration, tookMs].every(Number.isFinite))
    return null;
  if (!/^\d{1,3}$/.test(fields[6] ?? '') || !Number.isInteger(failed)) return null;
  const { error, phase } = k6Error(failed, text(fields[19]));
  const neverBegan = error !== null && duration === 0 && blocked === 0;
  const status = error === null ? answered : 0;
  const dateS = fields[11] === '' ? Number.NaN : base36(11);
  return {
    startMs,
    begunMs,
    dateS,
    record: {
      ...blankRecord(lane, begunMs + wait),
      number,
      sentAt,
      connectedAt: phase === 'connect' || phase === 'dns' ? Number.NaN : sentAt + blocked,
      firstByteAt: status === 0 ? Number.NaN : sentAt + blocked + toFirstByte,
      endedAt: sentAt + (neverBegan ? tookMs : blocked + duration),
      status,
      statusText: isPlain ? '' : text(fields[20]).replace(/^\d{3} ?/, ''),
      server: isPlain ? '' : text(fields[21]),
      error,
      errorPhase: phase,
      bodyOk: bodyOk(fields[16]),
      target: text(fields[12]),
      version: text(fields[13]),
      bootId: text(fields[14]),
      remoteIp: text(fields[15]),
      isReused: fields[8] === '',
    },
  };
}
