import { describe, expect, test } from 'vitest';
import { renderFailures } from '../../src/report/failures.js';
import { canonical, renderCompactJson, renderJson } from '../../src/report/json.js';
import { failResult, hostileResult } from './fixture-results.js';

/** The same value with the keys of every object in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([k, v]) => [k, reversed(v)])
      .reverse(),
  );
}

describe('result.json', () => {
  test('parses back to the same result, schema first, newline at the end', () => {
    const text = renderJson(hostileResult());
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(hostileResult())));
    expect(text.startsWith('{\n  "schema": "rollproof.result/1",\n  "verdict": {')).toBe(true);
    expect(text.endsWith('}\n')).toBe(true);
  });

  test('does not depend on the order in which the result was put together', () => {
    const result = failResult();
    expect(renderJson(reversed(result) as typeof result)).toBe(renderJson(result));
  });

  test('keeps number columns on one line, so it diffs by row', () => {
    const longest = Math.max(
      ...renderJson(failResult())
        .split('\n')
        .map((line) => line.length),
    );
    expect(renderJson(failResult()).split('\n').length).toBeLessThan(1500);
    expect(longest).toBeLessThan(200_000);
  });

  test('compact is the same document on one line', () => {
    const compact = renderCompactJson(failResult());
    expect(compact.indexOf('\n')).toBe(compact.length - 1);
    expect(JSON.parse(compact)).toEqual(JSON.parse(renderJson(failResult())));
  });

  test('canonical sorts keys at every depth and drops undefined', () => {
    expect(canonical({ b: [{ d: 1, c: null }], a: undefined })).toBe('{"b":[{"c":null,"d":1}]}');
  });
});

describe('failures.ndjson', () => {
  test('is one parseable line per failure in order, and says when some were omitted', () => {
    const result = hostileResult();
    const lines = renderFailures(result).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).seq)).toEqual(result.failures.map((f) => f.seq));
    const omitted = renderFailures({ ...result, failuresOmitted: 7 })
      .trimEnd()
      .split('\n')
      .at(-1);
    expect(omitted).toBe('{"failuresOmitted":7}');
    expect(renderFailures({ ...result, failures: [] })).toBe('');
  });
});
