import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LaneLedger } from '../../../src/traffic/foreign/lane-ledger.js';
import { RowOrder } from '../../../src/traffic/foreign/row-order.js';
import { WallClock } from '../../../src/traffic/foreign/wall-clock.js';

describe('RowOrder', () => {
  it('puts rows that end within the horizon into the order they were due', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(50), fc.nat(400)), { maxLength: 200 }), (steps) => {
        let due = 0;
        const rows = steps.map(([gap, took]) => {
          due += gap;
          return { scheduledAt: due, endedAt: due + took };
        });
        const out: number[] = [];
        const order = new RowOrder<{ scheduledAt: number }>(400, (row) => out.push(row.scheduledAt));
        for (const row of [...rows].sort((a, b) => a.endedAt - b.endedAt)) order.add(row);
        order.flush();
        expect(out).toEqual(rows.map((r) => r.scheduledAt));
        expect(order.held).toBe(0);
      }),
    );
  });
});

describe('LaneLedger', () => {
  it('knows what is missing below the highest number, whatever the order', () => {
    const ledger = new LaneLedger();
    for (const n of [2, 0, 5, 1]) expect(ledger.add(n, n * 10, true)).toBe(true);
    expect(ledger.lost).toBe(2);
    expect(ledger.add(1, 10, true)).toBe(false);
    expect(ledger.isWholeUntil(20, 0)).toBe(true);
    expect(ledger.isWholeUntil(30, 0)).toBe(false);
    ledger.add(3, 30, true);
    ledger.add(4, 40, true);
    expect(ledger.isWholeUntil(50, 0)).toBe(true);
    expect(ledger.lost).toBe(0);
  });

  it('does not miss what was due after the end', () => {
    const ledger = new LaneLedger();
    ledger.add(0, 0, true);
    ledger.add(3, 99, false);
    expect(ledger.lost).toBe(0);
  });
});

describe('WallClock', () => {
  it('maps wall time to run time at the tick, and notices a step but not a slew', () => {
    let mono = 0;
    let shift = 1_700_000_000_000.25;
    const wallMs = () => {
      mono += 0.01;
      return Math.floor(mono + shift);
    };
    const clock = new WallClock({ now: () => mono, wallMs });
    expect(clock.toInstant(clock.toWall(500))).toBeCloseTo(500, 6);
    expect(Math.abs(clock.toWall(1000) - (1000 + shift))).toBeLessThan(0.05);
    shift += 0.4;
    clock.refresh();
    expect(clock.stepMs).toBe(0);
    shift += 800;
    clock.refresh();
    expect(clock.stepMs).toBeGreaterThan(790);
  });

  it('is not misled by a process that was put aside between two readings', () => {
    let mono = 0;
    let reads = 0;
    const wallMs = () => {
      // Now and then a reading takes 30 ms: the scheduler had other work.
      mono += ++reads % 150 === 0 ? 30 : 0.01;
      return Math.floor(mono + 0.25);
    };
    const clock = new WallClock({ now: () => mono, wallMs });
    for (let i = 0; i < 200; i++) {
      clock.refresh();
      expect(Math.abs(clock.toWall(0) - 0.25)).toBeLessThan(0.1);
    }
    expect(clock.stepMs).toBe(0);
  });
});
