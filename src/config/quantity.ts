import { quoted } from './problem-text.js';

/** A value read from text, or why it is none. */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly hint: string };

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
/** Longer than any rollout; beyond 2^31 ms a timer would fire at once. */
const MAX_MS = 24 * 3_600_000;

/** `60s`, `500ms`, `1m30s`, `2h`; a bare number counts in `bareUnit` (seconds, unless the key itself says ms). In ms. */
export function readDuration(text: string, bareUnit: 's' | 'ms' = 's'): Reading<number> {
  const trimmed = text.trim();
  const refused = (message: string): Reading<number> => ({ ok: false, message, hint: 'write 60s, 500ms, 1m30s or 2h' });
  const ms = NUMBER.test(trimmed) ? Number(trimmed) * (UNIT_MS[bareUnit] ?? 1) : partsInMs(trimmed);
  if (ms === null) {
    return { ok: false, message: `${quoted(text)} is not a duration`, hint: `write ${durationLike(trimmed)}` };
  }
  if (ms < 0) return refused(`${quoted(text)} is negative`);
  if (!(ms <= MAX_MS)) return refused(`${quoted(text)} is more than a day`);
  return { ok: true, value: Math.round(ms * 1e6) / 1e6 };
}

/** Units must fall (`1m30s`, not `30s1m`), each at most once. */
function partsInMs(text: string): number | null {
  if (!/^((\d+(\.\d+)?|\.\d+)(ms|[smh]))+$/.test(text)) return null;
  let total = 0;
  let before = Number.POSITIVE_INFINITY;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?|\.\d+)(ms|[smh])/g)) {
    const unitMs = UNIT_MS[unit ?? ''] ?? 0;
    if (unitMs >= before) return null;
    before = unitMs;
    total += Number(amount) * unitMs;
  }
  return total;
}

/** The user's own figure in our spelling first: `60 sec` → `60s, 500ms or 1m30s`. */
function durationLike(text: string): string {
  const spelled = /^(\d+(?:\.\d+)?)\s*(ms|millis\w*|msecs?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)$/i.exec(
    text,
  );
  const amount = spelled?.[1];
  const word = spelled?.[2]?.toLowerCase();
  if (amount === undefined || word === undefined) return '60s, 500ms or 1m30s';
  const unit = /^(ms|milli|msec)/.test(word) ? 'ms' : (word[0] ?? 's');
  const own = `${amount}${unit}`;
  return [own, ...['60s', '500ms', '1m30s'].filter((other) => other !== own)]
    .slice(0, 3)
    .join(', ')
    .replace(/, ([^,]*)$/, ' or $1');
}

const PER_UNIT: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600 };
/** More than any generator here can send. */
const MAX_RATE = 100_000;

/** `200/s`, `12000/m`, `0.5/s`; a bare number is per second. Per second, above 0. */
export function readRate(text: string): Reading<number> {
  const trimmed = text.trim();
  const match = /^([+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)(?:\s*\/\s*(s|m|min|h))?$/.exec(trimmed);
  const hint = 'write 200/s or 12000/m; a bare number is per second';
  if (match === null) return { ok: false, message: `${quoted(text)} is not a rate`, hint };
  const value = Number(match[1]) / (PER_UNIT[match[2] ?? 's'] ?? 1);
  if (!(value > 0)) return { ok: false, message: `${quoted(text)} is no traffic at all: a rate must be above 0`, hint };
  if (!(value <= MAX_RATE))
    return { ok: false, message: `${quoted(text)} is more than ${MAX_RATE} requests per second`, hint };
  return { ok: true, value };
}

/** `0.999` or `99.9%`, 0…1. */
export function readRatio(text: string): Reading<number> {
  const trimmed = text.trim();
  const percent = /^(.*?)\s*%$/.exec(trimmed)?.[1];
  const digits = percent ?? trimmed;
  if (!NUMBER.test(digits)) {
    return { ok: false, message: `${quoted(text)} is not a ratio`, hint: 'write 0.999 or 99.9%' };
  }
  // Rounded to 15 digits, so that 99.9% is the very same number as 0.999.
  const exact = percent === undefined ? Number(digits) : Number((Number(digits) / 100).toPrecision(15));
  if (exact >= 0 && exact <= 1) return { ok: true, value: exact };
  const hint =
    percent === undefined && exact > 1 && exact <= 100
      ? `write ${trimmed}% or ${Number((exact / 100).toPrecision(15))}`
      : 'write 0.999 or 99.9%';
  return { ok: false, message: `${quoted(text)} is not between 0 and 1`, hint };
}

/** A plain number within `[min, max]`; `whole` refuses fractions. */
export function readNumber(
  text: string,
  range: { readonly min: number; readonly max: number; readonly whole: boolean },
): Reading<number> {
  const what = range.whole ? 'a whole number' : 'a number';
  const hint = `write ${what} from ${range.min} to ${range.max}`;
  const trimmed = text.trim();
  if (!NUMBER.test(trimmed)) return { ok: false, message: `${quoted(text)} is not ${what}`, hint };
  const value = Number(trimmed);
  if (range.whole && !Number.isInteger(value)) return { ok: false, message: `${quoted(text)} is not ${what}`, hint };
  if (!(value >= range.min && value <= range.max)) {
    return { ok: false, message: `${quoted(text)} is not between ${range.min} and ${range.max}`, hint };
  }
  return { ok: true, value };
}

/** `true` or `false`, nothing else: `yes` and `on` mean different things to different YAML readers. */
export function readFlag(text: string): Reading<boolean> {
  if (text === 'true' || text === 'false') return { ok: true, value: text === 'true' };
  return { ok: false, message: `${quoted(text)} is neither true nor false`, hint: 'write true or false' };
}

/** `200`, `200-299`: an inclusive range of HTTP status codes. */
export function readStatusRange(text: string): Reading<readonly [number, number]> {
  const match = /^(\d{3})(?:\s*-\s*(\d{3}))?$/.exec(text.trim());
  const hint = 'write 200 or 200-399';
  if (match === null) return { ok: false, message: `${quoted(text)} is not a status code or range`, hint };
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  if (from < 100 || to > 599) return { ok: false, message: `${quoted(text)} is outside 100-599`, hint };
  if (from > to) return { ok: false, message: `${quoted(text)} runs backwards`, hint: `write ${to}-${from}` };
  return { ok: true, value: [from, to] };
}
