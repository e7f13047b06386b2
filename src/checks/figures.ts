/** A count with thousands separators: `30,000`. Not locale-dependent, so reports are the same bytes everywhere. */
export function count(n: number): string {
  if (!Number.isFinite(n)) return 'unknown';
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 request`, `2 requests`; irregular plurals are given. */
export function counted(n: number, noun: string, plural = `${noun}s`): string {
  return `${count(n)} ${n === 1 ? noun : plural}`;
}

/** A ratio as percent with three significant digits, never rounded down to a bare 0: `0.00998 %`, `< 0.0001 %`. */
export function percent(ratio: number | null): string {
  if (ratio === null || !Number.isFinite(ratio)) return 'unknown';
  const value = ratio * 100;
  if (value === 0) return '0 %';
  if (value < 1e-4) return '< 0.0001 %';
  return `${String(Number(value.toPrecision(3)))} %`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? '';
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** What part `k` of `n` is; 0 of 0 is 0, anything not a number stays NaN so that no check can pass on it. */
export function share(k: number, n: number): number {
  return n > 0 ? k / n : n === 0 && k === 0 ? 0 : Number.NaN;
}
