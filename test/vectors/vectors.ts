import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

/**
 * The golden vectors of the verdict model. `VERDICT_VECTORS` names another file of the same format
 * (the held-back part is run that way).
 */
const file = process.env.VERDICT_VECTORS ?? new URL('./verdict-vectors.json', import.meta.url);
const groups = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>;

/** One group as it stands in the file; a missing group is an error, never an empty test. */
export function vectorGroup<T>(name: string): T {
  const group = groups[name];
  if (group === undefined) throw new Error(`the vectors file has no group ${name}`);
  return group as T;
}

/** A group that is a list of cases. */
export function vectorCases<T>(name: string): readonly T[] {
  const cases = vectorGroup<readonly T[]>(name);
  if (!Array.isArray(cases) || cases.length === 0) throw new Error(`vector group ${name} is empty`);
  return cases;
}

const REL_TOL = 1e-9;

/** Fails unless `actual` equals `expected` in every field `expected` has; numbers to 1e-9 relative. */
export function expectMatch(actual: unknown, expected: unknown, where = 'value'): void {
  if (typeof expected === 'number') {
    const slack = REL_TOL * Math.max(Math.abs(expected), 1e-300);
    const near = typeof actual === 'number' && Math.abs(actual - expected) <= slack;
    if (!near) expect.fail(`${where}: expected ${expected}, got ${String(actual)}`);
  } else if (Array.isArray(expected)) {
    expect(Array.isArray(actual), `${where} is a list`).toBe(true);
    const list = actual as readonly unknown[];
    expect(list.length, `${where}.length`).toBe(expected.length);
    for (const [index, item] of expected.entries()) expectMatch(list[index], item, `${where}[${index}]`);
  } else if (expected !== null && typeof expected === 'object') {
    expect(typeof actual, `${where} is an object`).toBe('object');
    const record = actual as Readonly<Record<string, unknown>>;
    for (const [key, item] of Object.entries(expected)) expectMatch(record[key], item, `${where}.${key}`);
  } else {
    expect(actual, where).toBe(expected);
  }
}
