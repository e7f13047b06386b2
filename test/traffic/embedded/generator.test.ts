import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrivalPlan } from '../../../src/traffic/arrivals.js';
import type { Lookup } from '../../../src/traffic/embedded/address-book.js';
import { FakeThread } from './fake-host.js';
import { workload } from './workload.js';

const contiguous = (rows: readonly { seq: number }[]) => expect(rows.map((r) => r.seq)).toEqual(rows.map((_, i) => i));

describe('Generator in virtual time', () => {
  it('fires every arrival of the plan once, at most one timer tick late, with the planned lane', () => {
    const thread = new FakeThread({ startAt: 100, maxDurationMs: 2000 }).run();
    const plan = arrivalPlan(workload().traffic);
    contiguous(thread.rows);
    expect(thread.rows).toHaveLength(400);
    expect([thread.end, thread.scheduled, thread.sent]).toEqual([400, 400, 400]);
    for (const row of thread.rows) {
      expect(row.scheduledAt).toBe(100 + plan.dueMs(row.seq));
      expect(row.lane).toBe(['new', 'reuse', 'long'][plan.lane(row.seq)]);
      expect(row.sentAt - row.scheduledAt).toBeGreaterThanOrEqual(0);
      expect(row.sentAt - row.scheduledAt).toBeLessThan(1.0001);
      expect(row).toMatchObject({ status: 200, error: null, errorPhase: 'none', target: 'a', remoteIp: '127.0.0.1' });
      expect(row.firstByteAt).toBe(row.endedAt);
    }
    expect(thread.messages.filter((m) => m.kind === 'stall')).toEqual([]);
  });

  it('fires what is due when an answer wakes the thread, without waiting for the timer’s next whole ms', () => {
    const medianLateness = (answerMs: number) => {
      const thread = new FakeThread({ maxDurationMs: 1000, traffic: { ratePerSecond: 4000, timeoutMs: 20_000 } });
      thread.answerMs = answerMs;
      const lateness = thread.run(900).batches.flatMap((b) => Array.from(b.sentAt, (at, i) => at - b.scheduledAt[i]!));
      return lateness.sort((a, b) => a - b)[Math.floor(lateness.length / 2)]!;
    };
    // An answer to the burst of one timer tick lands in the middle of the next: half of the wait is gone, and more.
    expect(medianLateness(100)).toBeGreaterThan(0.45);
    expect(medianLateness(100.5)).toBeLessThan(0.3);
  });

  it('uses kept connections last in, first out, and fresh ones once', () => {
    const { rows } = new FakeThread({ maxDurationMs: 2000 }).run();
    const fresh = rows.filter((r) => r.lane === 'new');
    expect(new Set(fresh.map((r) => r.connectionId)).size).toBe(fresh.length);
    expect(fresh.every((r) => r.connectionUse === 1 && r.connectedAt >= r.sentAt)).toBe(true);
    const kept = rows.filter((r) => r.lane === 'reuse');
    expect(new Set(kept.map((r) => r.connectionId)).size).toBeLessThan(5);
    expect(Math.max(...kept.map((r) => r.connectionUse))).toBeGreaterThan(50);
    expect(kept.every((r) => Number.isNaN(r.connectedAt) === r.connectionUse > 1)).toBe(true);
  });

  it('reports four times a second and its health once', () => {
    const { messages } = new FakeThread({ maxDurationMs: 4000 }).run();
    const kinds = messages.map((m) => m.kind);
    expect(kinds.filter((k) => k === 'progress').length).toBeGreaterThanOrEqual(15);
    const health = messages.flatMap((m) => (m.kind === 'health' ? [m.figures] : []));
    expect(health.length).toBeGreaterThanOrEqual(4);
    expect(health.length).toBeLessThanOrEqual(5);
    expect(health.at(-1)).toMatchObject({ sent: 800, ended: 800, dropped: 0, inFlight: 0 });
    expect(health.every(({ limits }) => limits.ports?.inUse === 3 && limits.files === null)).toBe(true);
  });

  it('turns arrivals overdue by more than 200 ms into dropped rows instead of a burst', () => {
    const thread = new FakeThread({ maxDurationMs: 2000 });
    thread.run(500).freeze(400).run();
    contiguous(thread.rows);
    expect(thread.rows).toHaveLength(400);
    const dropped = thread.rows.filter((r) => r.error === 'ROLLPROOF_DROPPED');
    expect(dropped.length).toBeGreaterThan(35);
    expect(dropped.length).toBeLessThan(42);
    for (const row of dropped) {
      expect(row).toMatchObject({
        sentAt: Number.NaN,
        endedAt: Number.NaN,
        status: 0,
        connectionUse: 0,
        errorPhase: 'none',
        bodyOk: 2,
      });
      expect(row.scheduledAt).toBeGreaterThan(495);
      expect(row.scheduledAt).toBeLessThan(705);
    }
    for (const row of thread.rows)
      if (!Number.isNaN(row.sentAt)) expect(row.sentAt - row.scheduledAt).toBeLessThanOrEqual(201);
    const stalls = thread.messages.flatMap((m) => (m.kind === 'stall' ? [m.span] : []));
    expect(stalls).toHaveLength(1);
    expect(stalls[0]!.from).toBeLessThanOrEqual(500);
    expect(stalls[0]!.to).toBeGreaterThanOrEqual(899);
    expect(thread.messages.some((m) => m.kind === 'health' && m.figures.eventLoopDelayMaxMs > 350)).toBe(true);
  });

  it('stalls itself once when told to', () => {
    const thread = new FakeThread({
      startAt: 50,
      maxDurationMs: 2000,
      traffic: { injectStall: { atMs: 500, durationMs: 300 } },
    }).run();
    const stalls = thread.messages.flatMap((m) => (m.kind === 'stall' ? [m.span] : []));
    expect(stalls).toHaveLength(1);
    expect(stalls[0]!.to - stalls[0]!.from).toBeGreaterThanOrEqual(300);
    expect(stalls[0]!.from).toBeGreaterThanOrEqual(550);
    expect(stalls[0]!.from).toBeLessThan(575);
    contiguous(thread.rows);
    expect(thread.rows.some((r) => r.error === 'ROLLPROOF_DROPPED')).toBe(true);
  });

  it('drops what the in-flight cap does not admit, times out the rest, and still accounts for all', () => {
    const thread = new FakeThread({ maxDurationMs: 2000, traffic: { maxInFlight: 10, timeoutMs: 300 } });
    thread.answerMs = Number.POSITIVE_INFINITY;
    thread.run();
    contiguous(thread.rows);
    expect(thread.rows).toHaveLength(400);
    const late = thread.rows.filter((r) => r.error === 'ROLLPROOF_TIMEOUT');
    expect(late.length).toBe(thread.sent);
    for (const row of late) {
      expect(row).toMatchObject({ status: 0, errorPhase: 'headers', firstByteAt: Number.NaN });
      expect(row.endedAt - row.sentAt).toBeGreaterThanOrEqual(300);
      expect(row.endedAt - row.sentAt).toBeLessThan(302);
    }
    expect(thread.rows.filter((r) => r.error === 'ROLLPROOF_DROPPED').length).toBe(400 - late.length);
  });

  it('takes an answer that waited in the socket during a stall for an answer, not for a timeout', () => {
    const thread = new FakeThread({ maxDurationMs: 1000, traffic: { timeoutMs: 200 } });
    thread.answerMs = 50;
    thread.run(500).freeze(180);
    // The answers came while the thread stood still: virtual input is delivered at the time it was due.
    thread.run();
    expect(thread.rows.filter((r) => r.error === 'ROLLPROOF_TIMEOUT')).toEqual([]);
  });

  it('stops when told to: rows for all that was due, the rest in flight given one timeout', () => {
    const thread = new FakeThread({ maxDurationMs: 60_000 });
    thread.answerMs = 400;
    thread.run(1000);
    thread.generator.stop();
    const stoppedAt = thread.time;
    thread.run();
    contiguous(thread.rows);
    expect(thread.end).toBe(thread.rows.length);
    expect(thread.rows.every((r) => r.error === null && r.scheduledAt <= stoppedAt)).toBe(true);
    expect(thread.rows.length).toBeGreaterThan(195);
    expect(thread.time).toBeLessThan(stoppedAt + 450);
  });

  it('ends within one timeout of the stop even when nobody answers', () => {
    const thread = new FakeThread({ maxDurationMs: 700, traffic: { timeoutMs: 900 } });
    thread.answerMs = Number.POSITIVE_INFINITY;
    thread.run();
    expect(thread.time).toBeLessThanOrEqual(700 + 900 + 45);
    expect(thread.rows.every((r) => r.error === 'ROLLPROOF_TIMEOUT')).toBe(true);
    expect(thread.end).toBe(140);
  });

  it('calls a timeout a timeout even when the thread stands still over the very end', () => {
    const thread = new FakeThread({ maxDurationMs: 700, traffic: { timeoutMs: 300 } });
    thread.answerMs = Number.POSITIVE_INFINITY;
    thread.run(690).freeze(2000).run();
    contiguous(thread.rows);
    const sent = thread.rows.filter((r) => !Number.isNaN(r.sentAt));
    expect(sent.length).toBe(thread.sent);
    expect(new Set(sent.map((r) => r.error))).toEqual(new Set(['ROLLPROOF_TIMEOUT']));
  });

  it('ends at once, with no row, when stopped before its start', () => {
    const thread = new FakeThread({ startAt: 10_000 });
    thread.run(100);
    thread.generator.stop();
    thread.run(200);
    expect([thread.end, thread.rows.length]).toEqual([0, 0]);
  });

  it('starts late rather than drop arrivals when the thread was up late', () => {
    const thread = new FakeThread({ startAt: -5000, maxDurationMs: 500 }).run();
    expect(thread.rows[0]!.scheduledAt).toBeGreaterThanOrEqual(0);
    expect(thread.rows.every((r) => r.error === null)).toBe(true);
  });

  it('never waits for DNS: the first arrivals ride on the look-up, failures are rows', () => {
    const answers: Parameters<Lookup>[1][] = [];
    const lookup: Lookup = (_host, done) => answers.push(done);
    const thread = new FakeThread(
      { maxDurationMs: 3000, service: { url: 'http://service.test/' }, traffic: { timeoutMs: 5000 } },
      { lookup },
    );
    thread.run(200);
    answers.shift()!(null, ['10.0.0.1']);
    thread.run(1100);
    answers.shift()!('ENOTFOUND', null);
    thread.run(1500);
    while (answers.length > 0) answers.shift()!(null, ['10.0.0.2']);
    thread.run(2900);
    while (answers.length > 0) answers.shift()!(null, ['10.0.0.2']);
    thread.run();
    contiguous(thread.rows);
    expect(thread.rows).toHaveLength(600);
    for (const row of thread.rows) {
      if (row.scheduledAt < 199) expect(row.connectedAt).toBeGreaterThanOrEqual(199);
      if (row.error !== null)
        expect(row).toMatchObject({ error: 'ENOTFOUND', errorPhase: 'dns', connectionUse: 0, connectionId: 0 });
      if (row.error !== null) expect(row.endedAt).toBe(row.sentAt);
    }
    expect(thread.rows.filter((r) => r.error !== null).length).toBeGreaterThan(20);
    expect(thread.rows.at(-1)).toMatchObject({ error: null });
    expect(new Set(thread.rows.map((r) => r.remoteIp))).toEqual(new Set(['10.0.0.1', '10.0.0.2', null]));
  });

  it('fails arrivals whose first look-up hangs, in phase dns, within one timeout', () => {
    const thread = new FakeThread({
      maxDurationMs: 400,
      service: { url: 'http://service.test/' },
      traffic: { timeoutMs: 300 },
    }).run();
    contiguous(thread.rows);
    expect(thread.rows).toHaveLength(80);
    for (const row of thread.rows) {
      expect(row).toMatchObject({ error: 'EAI_AGAIN', errorPhase: 'dns', status: 0 });
      expect(row.endedAt - row.sentAt).toBeLessThanOrEqual(321);
    }
  });

  it('loses no row whatever the freezes, the cap and the stop', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.nat(),
          rate: fc.integer({ min: 1, max: 3000 }),
          cap: fc.integer({ min: 1, max: 100 }),
          answerMs: fc.constantFrom(0, 1, 40, 400, Number.POSITIVE_INFINITY),
          freezes: fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 1, max: 600 })), {
            maxLength: 4,
          }),
        }),
        ({ seed, rate, cap, answerMs, freezes }) => {
          const thread = new FakeThread({
            maxDurationMs: 5000,
            traffic: { seed, ratePerSecond: rate, maxInFlight: cap, timeoutMs: 150 },
          });
          thread.answerMs = answerMs;
          for (const [runMs, freezeMs] of freezes) thread.run(thread.time + runMs).freeze(freezeMs);
          thread.generator.stop();
          thread.run();
          contiguous(thread.rows);
          expect(thread.end).toBe(thread.rows.length);
          expect(thread.scheduled).toBe(thread.rows.length);
          expect(thread.rows.filter((r) => !Number.isNaN(r.sentAt)).length).toBe(thread.sent);
          expect(thread.rows.every((r) => r.endedAt >= r.sentAt || Number.isNaN(r.sentAt))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});
