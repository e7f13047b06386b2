import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RequestAudit } from '../../../src/lab/app/request-audit.js';
import { seededRandom } from '../../../src/lab/app/seeded-random.js';

test('counts what a set would count', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(200_000), { maxLength: 300 }), (seqs) => {
      const audit = new RequestAudit();
      for (const seq of seqs) audit.record('r', String(seq));
      const distinct = new Set(seqs).size;
      const expected = { count: seqs.length, distinct, duplicates: seqs.length - distinct, untracked: 0 };
      expect(audit.runs()).toEqual(seqs.length === 0 ? {} : { r: expected });
    }),
  );
});

test('keeps the last 32 runs and forgets the one longest unheard of', () => {
  const audit = new RequestAudit();
  audit.record('kept', '1');
  for (let i = 0; i < 40; i++) {
    audit.record(`run-${i}`, '1');
    audit.record('kept', '1');
  }
  const runs = audit.runs();
  expect(Object.keys(runs)).toHaveLength(32);
  expect(runs.kept).toEqual({ count: 41, distinct: 1, duplicates: 40, untracked: 0 });
  expect(runs['run-0']).toBeUndefined();
});

test('seeded numbers are in [0, 1), repeat with their seed, and are spread evenly', () => {
  const first = seededRandom(5);
  const again = seededRandom(5);
  let sum = 0;
  for (let i = 0; i < 10_000; i++) {
    const value = first();
    expect(value).toBe(again());
    expect(value >= 0 && value < 1).toBe(true);
    sum += value;
  }
  expect(sum / 10_000).toBeCloseTo(0.5, 1);
});
