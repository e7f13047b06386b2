import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrivalPlan } from '../../../src/traffic/arrivals.js';
import { Schedule } from '../../../src/traffic/embedded/schedule.js';
import { Ticks } from '../../../src/traffic/embedded/ticks.js';
import { segmentSource, segmentsOf, WHOLE } from '../../../src/traffic/segments.js';
import { FakeThread } from './fake-host.js';
import type { WorkloadChanges } from './workload.js';

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

describe('a generator in segments', () => {
  const planOf = (thread: FakeThread) =>
    thread.rows.map(({ seq, scheduledAt, lane, error }) => ({ seq, scheduledAt, lane, error }));

  it('fires, all segments together, exactly the plan: numbers, times and lanes, each number once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.nat(1000),
        fc.integer({ min: 20, max: 900 }),
        (count, seed, rate) => {
          const changes: WorkloadChanges = {
            startAt: 40,
            maxDurationMs: 700,
            traffic: { seed, ratePerSecond: rate, lanes: { newWeight: 1, reuseWeight: 2, long: LONG } },
          };
          const whole = planOf(new FakeThread(changes).run());
          const parts = segmentsOf(count).map((segment) => new FakeThread({ ...changes, segment }).run());
          const union = parts.flatMap(planOf).sort((a, b) => a.seq - b.seq);
          expect(union).toEqual(whole);
          expect(parts.map((part) => part.end)).toEqual(parts.map((part) => part.rows.length));
          const requests = parts.flatMap((part) => part.service.requests.map(({ text }) => text));
          expect(new Set(requests.map((text) => /X-Rollproof-Seq: (\d+)/.exec(text)![1])).size).toBe(whole.length);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('share what may be in flight', () => {
    const inFlight = segmentsOf(3).map((segment) => {
      const thread = new FakeThread({ segment, maxDurationMs: 900, traffic: { maxInFlight: 9, timeoutMs: 5000 } });
      thread.answerMs = Number.POSITIVE_INFINITY;
      thread.run(900);
      return thread.sent;
    });
    expect(inFlight).toEqual([3, 3, 3]);
  });

  it('keep to the common start: a thread that comes late drops what it missed, and the plan stays whole', () => {
    const late = { startAt: -500, maxDurationMs: 1000 };
    const parts = segmentsOf(2).map((segment) => new FakeThread({ ...late, segment }).run());
    const rows = parts.flatMap((part) => part.rows).sort((a, b) => a.seq - b.seq);
    expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 200 }, (_, k) => k));
    expect(rows.filter((row) => row.scheduledAt < -210).every((row) => row.error === 'ROLLPROOF_DROPPED')).toBe(true);
    expect(rows.filter((row) => row.scheduledAt > -190).every((row) => row.error === null)).toBe(true);
  });

  it('stop at the instant they are told, so that all end at one number of the plan', () => {
    const parts = segmentsOf(4).map((segment, i) => {
      const thread = new FakeThread({ segment, maxDurationMs: 60_000 });
      // Told at different times, for one instant.
      thread.run(600 + i * 7);
      thread.generator.stop(650);
      return thread.run();
    });
    const numbers = parts.flatMap((part) => part.rows.map((row) => row.seq)).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, k) => k));
    const { dueMs } = arrivalPlan({ ratePerSecond: 200, seed: 1, lanes: { newWeight: 1, reuseWeight: 1, long: null } });
    expect([dueMs(numbers.length - 1) < 650, dueMs(numbers.length) < 650]).toEqual([true, false]);
    expect(segmentsOf(2).map((segment) => segmentSource('embedded', segment))).toEqual(['embedded-1', 'embedded-2']);
  });
});

describe('precise mode', () => {
  const lateness = (changes: WorkloadChanges, before: (thread: FakeThread) => void = () => {}) => {
    const thread = new FakeThread({ maxDurationMs: 1000, ...changes });
    thread.answerMs = 100;
    before(thread);
    return thread.run().batches.flatMap((b) => Array.from(b.sentAt, (at, i) => at - b.scheduledAt[i]!));
  };

  it('fires at the arrival, or at most a quarter of a ms later when one came just before', () => {
    const slow = lateness({ traffic: { ratePerSecond: 200, precise: true } });
    expect(median(slow)).toBeLessThan(0.001);
    const fast = lateness({ traffic: { ratePerSecond: 8000, precise: true, maxInFlight: 10_000 } });
    expect(Math.max(...fast)).toBeLessThanOrEqual(0.25 + 1e-6);
    expect(median(lateness({ traffic: { ratePerSecond: 200 } }))).toBeGreaterThan(0.3);
  });

  it('ends its ticker with itself', () => {
    const thread = new FakeThread({ maxDurationMs: 300, traffic: { precise: true } });
    expect(thread.tickerRuns).toBe(true);
    thread.run();
    expect([thread.tickerRuns, thread.end]).toEqual([false, 60]);
    expect(new FakeThread({ maxDurationMs: 300 }).tickerRuns).toBe(false);
  });

  it('goes on without a ticker that died, a few ms late', () => {
    const late = lateness({ traffic: { ratePerSecond: 200, precise: true } }, (thread) => {
      thread.run(300);
      thread.tickerRuns = false;
    });
    expect(late).toHaveLength(200);
    expect(Math.max(...late)).toBeLessThanOrEqual(5.001);
  });

  it('ticks for every arrival of its segment, and never twice within a quarter of a ms', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 50, max: 20_000 }),
        fc.nat(99),
        (count, rate, seed) => {
          const plan = arrivalPlan({ ratePerSecond: rate, seed, lanes: { newWeight: 1, reuseWeight: 1, long: null } });
          const segment = segmentsOf(count).at(-1)!;
          const ticks = new Ticks(new Schedule(plan, segment, 10));
          const times: number[] = [];
          for (let at = 0; times.length < 300; times.push(at)) at = ticks.after(at);
          for (let i = 1; i < times.length; i++) expect(times[i]! - times[i - 1]!).toBeGreaterThanOrEqual(0.25 - 1e-9);
          for (let j = 0; 10 + plan.dueMs(j * count + count - 1) < times.at(-1)! - 0.25; j++) {
            const due = 10 + plan.dueMs(j * count + count - 1);
            expect(times.some((tick) => tick >= due && tick <= due + 0.25 + 1e-9)).toBe(true);
          }
        },
      ),
      { numRuns: 20 },
    );
    expect(new Ticks(new Schedule({ dueMs: (k) => k * 10 }, WHOLE, 0)).after(35)).toBe(40);
  });
});

const LONG = { ratePerSecond: 5, path: '/hold?ms={ms}', minHoldMs: 5, maxHoldMs: 9 };
