import { describe, expect, it } from 'vitest';
import { latestUntil, routedUntil } from '../../src/evidence/attribution/rotation.js';
import { judgedSamples } from '../../src/evidence/judged-samples.js';
import type { TargetHistory } from '../../src/evidence/lives.js';
import { factsOf, type Row, scenarioOf } from '../runs/fact-builder.js';

const life: TargetHistory = {
  target: 's1',
  detachRequestedAt: 0,
  detachRespondedAt: 0,
  deployStartedAt: 500,
  deployEndedAt: 900,
  appDownAt: null,
  appUpAt: null,
  attachRequestedAt: 1000,
  attachRespondedAt: 1000,
  stopAt: 500,
  stopIsExact: false,
  sleepMs: 500,
};
/** A request every ms: `1` and `2` answered by s1 and s2, `x` failed without a name. */
function until(answers: string, noise: number, remoteIp: string | null = null) {
  const rows = [...answers].map((who, at): Row => {
    const base = { scheduledAt: at, endedAt: at + 1, remoteIp };
    return who === 'x' ? { ...base, status: 502 } : { ...base, status: 200, target: `s${who}`, version: 'v1' };
  });
  const facts = factsOf(scenarioOf(), [], rows);
  const samples = judgedSamples(facts, { from: 0, to: 2000 }, 0);
  return latestUntil(routedUntil(samples, life, 0, 2, noise, () => true));
}

describe('routedUntil', () => {
  it('gives a target up after as many answers of others as it would not have been spared', () => {
    expect(until(`11${'2'.repeat(100)}`, 0.001)).toBe(2 + 13);
    expect(until('1212', 0.001)).toBe(Number.POSITIVE_INFINITY);
  });

  it('follows a stopped target through its failures, and no chance failure of a noisy service', () => {
    expect(until(`11${'2x'.repeat(200)}`, 0.01)).toBe(Number.POSITIVE_INFINITY);
    // One in fifty fails anyway: each alone would have kept a simple count of answers going.
    expect(until(`11${`${'2'.repeat(49)}x`.repeat(8)}`, 0.02)).toBeLessThan(50);
    // Given up is given up, until it answers by itself.
    expect(until(`11${'2'.repeat(40)}${'x'.repeat(40)}`, 0.01)).toBeLessThan(42);
    expect(until(`11${'2'.repeat(40)}1x`, 0.01)).toBe(Number.POSITIVE_INFINITY);
  });

  it('counts each node by itself', () => {
    expect(until(`11${'2'.repeat(100)}`, 0.001, '10.0.0.1')).toBe(15);
  });
});
