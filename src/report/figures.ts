// Numbers as text. NBSP joins figure and unit so that a line never breaks between them.
const NBSP = '\u00a0';

/** `58000` → `58,000`; locale-free so that the same result gives the same bytes anywhere. */
export function count(n: number): string {
  const [whole = '0', part] = String(Math.abs(n)).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return `${n < 0 ? '−' : ''}${grouped}${part === undefined ? '' : `.${part}`}`;
}

/** `1 window`, `2 windows`. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)}${NBSP}${n === 1 ? one : many}`;
}

/**
 * A length of time that is a bound from above, rounded up to three significant digits, so that as printed by
 * `duration` it never claims more than was shown.
 */
export function durationBound(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return '–';
  const step = ms < 9.9 ? 0.1 : ms < 999 ? 1 : ms < 9_900 ? 10 : ms < 59_900 ? 100 : 1000;
  // 1e-9: what is exact in decimals must not be pushed a whole step by its binary tail.
  return duration(Math.ceil(ms / step - 1e-9) * step);
}

/** Length of time with a fitting unit: `9.4 ms`, `437 ms`, `1.5 s`, `3 m 37 s`; `–` for none. */
export function duration(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return '–';
  const size = Math.abs(ms);
  const sign = ms < 0 ? '−' : '';
  if (size < 9.95) return `${sign}${trimmed(size, 1)}${NBSP}ms`;
  if (size < 999.5) return `${sign}${Math.round(size)}${NBSP}ms`;
  if (size < 59_950) return `${sign}${trimmed(size / 1000, size < 9_950 ? 2 : 1)}${NBSP}s`;
  const seconds = Math.round(size / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return `${sign}${hours > 0 ? `${hours}${NBSP}h${NBSP}` : ''}${minutes}${NBSP}m${NBSP}${seconds % 60}${NBSP}s`;
}

const trimmed = (value: number, digits: number): string => value.toFixed(digits).replace(/\.?0+$/, '');

/** Instant of the run as `m:ss.d` with `digits` decimals (`h:mm:ss` past an hour); `–` for none. */
export function clock(ms: number | null, digits = 1): string {
  if (ms === null || !Number.isFinite(ms)) return '–';
  const unit = 10 ** digits;
  const ticks = Math.round((Math.abs(ms) / 1000) * unit);
  const seconds = Math.floor(ticks / unit);
  const part = digits === 0 ? '' : `.${String(ticks % unit).padStart(digits, '0')}`;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${String(seconds % 60).padStart(2, '0')}${part}`;
  const sign = ms < 0 && ticks > 0 ? '−' : '';
  return hours > 0 ? `${sign}${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${sign}${minutes}:${rest}`;
}

/** `from – to` of the run. */
export const clockSpan = (from: number, to: number, digits = 1): string =>
  `${clock(from, digits)}${NBSP}–${NBSP}${clock(to, digits)}`;

/**
 * When an outage surely was: between its first and last sign, in order (a request cut in flight ends the window before it
 * starts it), or one instant when they are closer than the clock shown.
 */
export function outageSpan(o: { readonly startHi: number; readonly endLo: number }): string {
  const from = Math.min(o.startHi, o.endLo);
  const to = Math.max(o.startHi, o.endLo);
  return clock(from) === clock(to) ? clock(to) : clockSpan(from, to);
}

/**
 * A ratio as per cent. `round` says to which side a bound may go: a claim must never read better than it is,
 * and 0.99999 observed must not read 100 %.
 */
export function percent(ratio: number | null, round: 'near' | 'up' | 'down' = 'near'): string {
  if (ratio === null || !Number.isFinite(ratio)) return '–';
  const value = ratio * 100;
  if (value === 0 || value === 100) return `${value}${NBSP}%`;
  const edge = Math.min(Math.abs(value), Math.abs(100 - value));
  const digits = edge >= 10 ? 1 : edge >= 0.1 ? 2 : edge >= 0.01 ? 3 : edge >= 0.001 ? 4 : 6;
  const unit = 10 ** digits;
  const scaled = value * unit;
  // 1e-9: what is exact in decimals must not be pushed a whole digit by its binary tail.
  const ticks =
    round === 'up' ? Math.ceil(scaled - 1e-9) : round === 'down' ? Math.floor(scaled + 1e-9) : Math.round(scaled);
  // Exact figures (an objective of 99.9 %) lose their zeros; measured ones keep them: they say how fine it is known.
  const exact = Math.abs(scaled - Math.round(scaled)) < 1e-6;
  const text = (ticks / unit).toFixed(digits);
  return `${exact ? text.replace(/\.?0+$/, '') : text}${NBSP}%`;
}

/** p-value: three digits, or the power of ten it does not exceed. */
export function probability(p: number | null): string {
  if (p === null || !Number.isFinite(p)) return '–';
  if (p >= 0.001) return p.toFixed(3);
  if (p <= 0) return '0';
  const power = [...String(-Math.ceil(Math.log10(p)))].map((d) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(d)] ?? '').join('');
  return `≤ 10⁻${power}`;
}

/** UTC wall time at an instant, `YYYY-MM-DD hh:mm:ss UTC`; empty when the start is not a date. */
export function wallTime(startedAtWall: string, ms = 0): string {
  const at = new Date(Date.parse(startedAtWall) + ms);
  return Number.isNaN(at.getTime()) ? '' : `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
