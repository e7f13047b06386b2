import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ControlProbe } from '../../../src/traffic/embedded/control-probe.js';
import type { ControlTarget } from '../../../src/traffic/embedded/control-target.js';
import type { FromGenerator } from '../../../src/traffic/embedded/messages.js';
import { Pulse } from '../../../src/traffic/embedded/pulse.js';
import { FakeThread } from './fake-host.js';

/** The reports, and their sum as the evidence makes it. */
function reported(messages: readonly FromGenerator[]) {
  const figures = messages.flatMap((m) => (m.kind === 'control' ? [m.figures] : []));
  const sum = (of: (f: (typeof figures)[number]) => number) => figures.reduce((total, f) => total + of(f), 0);
  return { figures, sent: sum((f) => f.sent), failed: sum((f) => f.failed) };
}

describe('ControlProbe in virtual time', () => {
  it('sends one probe per slot of 100 ms, at the first wake-up after its time, and counts each answer once', () => {
    const thread = new FakeThread({ startAt: 50, maxDurationMs: 5000 }).run();
    const { requests } = thread.control;
    expect(requests).toHaveLength(50);
    // Jittered within its slot and at most one heartbeat late.
    requests.forEach(({ at }, slot) => {
      expect(at).toBeGreaterThanOrEqual(50 + slot * 100);
      expect(at).toBeLessThanOrEqual(50 + (slot + 1) * 100 + 21);
    });
    expect(new Set(requests.map(({ at }) => Math.round(at) % 100)).size).toBeGreaterThan(20);
    expect(requests.every(({ text }) => text.includes('\r\nConnection: close\r\n'))).toBe(true);
    const { figures, sent, failed } = reported(thread.messages);
    expect(figures.length).toBeGreaterThanOrEqual(5);
    expect(figures.length).toBeLessThanOrEqual(6);
    expect(Math.max(...figures.map((f) => f.sent))).toBeLessThanOrEqual(12);
    expect([49, 50]).toContain(sent);
    expect(failed).toBe(0);
    expect(thread.controlOpen).toBe(false);
  });

  it('reports a control target that refuses', () => {
    const thread = new FakeThread({ maxDurationMs: 3000 });
    thread.run(1000);
    thread.control.refuses = true;
    thread.run();
    const { sent, failed } = reported(thread.messages);
    expect(sent).toBeGreaterThanOrEqual(29);
    expect(failed).toBeGreaterThanOrEqual(19);
    expect(failed).toBeLessThanOrEqual(21);
    // The service is none the worse for it.
    expect(thread.rows.every((r) => r.error === null)).toBe(true);
  });

  it('fails a probe after one second without an answer, but not one that the stop overtook', () => {
    const thread = new FakeThread({ maxDurationMs: 3000 });
    thread.control.answerMs = Number.POSITIVE_INFINITY;
    thread.run();
    const { figures, sent, failed } = reported(thread.messages);
    expect(figures[0]).toMatchObject({ sent: 0, failed: 0 });
    expect(failed).toBe(sent);
    const due = thread.control.requests.filter(({ at }) => at + 1000 <= thread.time);
    expect(due.length - failed).toBeGreaterThanOrEqual(0);
    expect(due.length - failed).toBeLessThanOrEqual(1);
    expect(thread.control.requests.length - failed).toBeGreaterThanOrEqual(9);
  });

  it('does not count a probe that timed out while the thread stood still', () => {
    const thread = new FakeThread({ maxDurationMs: 6000 });
    thread.run(2000);
    // Some are on their way, and would be answered soon; after the stall their time is up before the answer is there.
    thread.control.answerMs = 300;
    thread.run(2150);
    const before = reported(thread.messages).sent;
    thread.freeze(3000);
    thread.control.answerMs = 1;
    thread.run();
    const { sent, failed } = reported(thread.messages);
    expect(failed).toBe(0);
    expect(thread.messages.some((m) => m.kind === 'stall' && m.span.to - m.span.from >= 2900)).toBe(true);
    // Slots slept through were skipped, not caught up with in a burst.
    const after = thread.control.requests.filter(({ at }) => at > 5100);
    expect(after.length).toBeLessThanOrEqual(11);
    expect(before).toBeGreaterThan(8);
    expect(thread.control.requests.length - sent).toBeGreaterThanOrEqual(1);
    expect(thread.control.requests.length - sent).toBeLessThanOrEqual(3);
  });

  it('does not excuse a refusal by a stall: nobody had to be there for it', () => {
    const thread = new FakeThread({ maxDurationMs: 3000 });
    thread.control.refuses = true;
    thread.control.answerMs = 600;
    thread.run(1000).freeze(300);
    thread.control.answerMs = 0;
    thread.run();
    const { sent, failed } = reported(thread.messages);
    expect(failed).toBe(sent);
    expect(failed).toBe(thread.control.opened);
    expect(failed).toBeGreaterThan(24);
  });

  it('counts nothing that it cuts itself', () => {
    const target: ControlTarget = {
      listen: (told) => told(null, { ip: '127.0.0.1', port: 9, family: 4 }),
      opener: () => () => ({ destroy: () => {} }) as unknown as Socket,
      close: () => {},
    };
    const warn = () => expect.fail();
    const probe = new ControlProbe({ now: () => 100, pulse: new Pulse(100), target, seed: 1, startAt: 0, warn });
    probe.start();
    probe.probe(100);
    expect(probe.nextDeadline).toBe(1100);
    probe.close(200);
    expect(probe.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    expect(probe.take(200)).toEqual({ at: 200, sent: 0, failed: 0 });
  });

  it('still fails a probe that was sent after the stall and not answered', () => {
    const thread = new FakeThread({ maxDurationMs: 4000 });
    thread.run(500).freeze(400);
    thread.control.answerMs = Number.POSITIVE_INFINITY;
    thread.run();
    expect(reported(thread.messages).failed).toBeGreaterThan(15);
  });

  it('says so once when nothing can listen, reports nothing, and the traffic goes on', () => {
    const thread = new FakeThread(
      { maxDurationMs: 2000 },
      { control: { listen: (told) => told('EMFILE', null), opener: () => () => expect.fail(), close: () => {} } },
    ).run();
    expect(thread.messages.filter((m) => m.kind === 'control')).toEqual([]);
    expect(thread.messages.filter((m) => m.kind === 'warning')).toMatchObject([
      { message: expect.stringContaining('EMFILE') },
    ]);
    expect(thread.rows.filter((r) => r.status === 200)).toHaveLength(400);
  });

  it('leaves every sample as it would be without: same rows, same times, whatever the control target does', () => {
    const rowsWith = (set: (thread: FakeThread) => void) => {
      const thread = new FakeThread({ maxDurationMs: 3000, traffic: { maxInFlight: 3 } });
      thread.answerMs = 20;
      set(thread);
      return thread.run().rows;
    };
    const answered = rowsWith(() => {});
    expect(answered.some((r) => r.error === 'ROLLPROOF_DROPPED')).toBe(true);
    const refused = rowsWith((thread) => {
      thread.control.refuses = true;
    });
    const silent = rowsWith((thread) => {
      thread.control.answerMs = Number.POSITIVE_INFINITY;
    });
    expect(refused).toEqual(answered);
    expect(silent).toEqual(answered);
  });

  it('never blames a control target that answers in time, whatever the freezes and the stop', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.nat(),
          rate: fc.integer({ min: 1, max: 1000 }),
          answerMs: fc.integer({ min: 0, max: 700 }),
          freezes: fc.array(fc.tuple(fc.integer({ min: 1, max: 700 }), fc.integer({ min: 1, max: 2500 })), {
            maxLength: 5,
          }),
        }),
        ({ seed, rate, answerMs, freezes }) => {
          const thread = new FakeThread({ maxDurationMs: 20_000, traffic: { seed, ratePerSecond: rate } });
          thread.control.answerMs = answerMs;
          for (const [runMs, freezeMs] of freezes) thread.run(thread.time + runMs).freeze(freezeMs);
          thread.generator.stop();
          thread.run();
          const { sent, failed } = reported(thread.messages);
          expect(failed).toBe(0);
          expect(sent).toBeLessThanOrEqual(thread.control.requests.length);
        },
      ),
      { numRuns: 60 },
    );
  });
});
