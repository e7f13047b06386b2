import { describe, expect, it } from 'vitest';
import { columnOf } from '../../src/domain/column.js';
import { attachLag } from '../../src/evidence/attach-lag.js';
import { detachLag, ELSEWHERE, NOBODY, SILENT } from '../../src/evidence/detach-lag.js';

const DETACH = {
  target: 0,
  detachRespondedAt: 100,
  attachRequestedAt: 500,
  targets: 2,
  alpha: 0.05,
};
const requests = (list: readonly (readonly [number, number, number])[]) => ({
  sentAt: columnOf(Float64Array.from(list, (r) => r[0])),
  endedAt: columnOf(Float64Array.from(list, (r) => r[1])),
  servedBy: list.map((r) => r[2]),
});
const others = (from: number, to: number) =>
  Array.from({ length: (to - from) / 10 }, (_, i) => [from + i * 10, from + i * 10 + 5, 1] as const);

describe('detachLag', () => {
  it('starts its silence after a failure that may have been this target’s', () => {
    const rows = [[90, 95, 0] as const, ...others(110, 300), [205, 210, NOBODY] as const];
    const lag = detachLag({ ...DETACH, ...requests(rows) });
    expect(lag).toMatchObject({ lastRouted: 90, lagLo: 0, silentSends: 9, lagHi: 150, drainEnd: 95, drainNeed: -5 });
    const excused = rows.map((r) => (r[2] === NOBODY ? ([r[0], r[1], SILENT] as const) : r));
    expect(detachLag({ ...DETACH, ...requests(excused) }).silentSends).toBe(19);
  });

  it('does not let a failure from before the acknowledgement, or after the attach, count as routed to it', () => {
    const rows = [[40, 45, 0] as const, [100, 110, NOBODY] as const, ...others(110, 300), [500, 505, NOBODY] as const];
    expect(detachLag({ ...DETACH, ...requests(rows) }).silentSends).toBe(19);
  });

  it('does not need its requests in order', () => {
    const rows = [[90, 120, 0] as const, ...others(110, 300)];
    expect(detachLag({ ...DETACH, ...requests([...rows].reverse()) })).toEqual(
      detachLag({ ...DETACH, ...requests(rows) }),
    );
  });

  it('knows no upper bound when too little was seen and nothing ended the search', () => {
    const open = { ...DETACH, attachRequestedAt: Number.POSITIVE_INFINITY };
    expect(detachLag({ ...open, ...requests([[90, 95, 0]]) })).toMatchObject({
      lagHi: null,
      drainNeedHi: null,
      pStillIn: 1,
    });
    expect(detachLag({ ...open, ...requests([]) })).toMatchObject({
      lastRouted: null,
      drainEnd: null,
      drainNeed: null,
      lagLo: 0,
    });
  });
});

describe('attachLag', () => {
  const ATTACH = { target: 0, attachRequestedAt: 500, attachRespondedAt: 520, targets: 2, alpha: 0.05 };
  it('is bounded by the attach request when few requests were sent before the first served', () => {
    const rows = [...others(400, 500), [505, 508, 1] as const, [515, 522, 0] as const, [510, 600, 0] as const];
    expect(attachLag({ ...ATTACH, ...requests(rows) })).toMatchObject({ firstRouted: 510, lagHi: 80, lagLo: -20 });
  });
  it('does not count requests that take no part', () => {
    const rows = [...others(500, 600), [600, 605, 0] as const];
    const idle = Array.from({ length: 20 }, (_, i) => [580 + i, 590 + i, ELSEWHERE] as const);
    expect(attachLag({ ...ATTACH, ...requests([...rows, ...idle]) })).toEqual(
      attachLag({ ...ATTACH, ...requests(rows) }),
    );
  });
  it('does not exist for a target that never served again', () => {
    const rows = [[490, 495, 0] as const, ...others(500, 700)];
    expect(attachLag({ ...ATTACH, ...requests(rows) })).toMatchObject({ firstRouted: null, lagLo: null, lagHi: null });
  });
});

describe('attachLag, out of order', () => {
  it('does not need its requests in order', () => {
    const rows = [...others(110, 300), [300, 305, 0] as const, ...others(310, 400)];
    const attach = { target: 0, targets: 2, alpha: 0.05, attachRequestedAt: 100, attachRespondedAt: 105 };
    const inOrder = attachLag({ ...attach, ...requests(rows) });
    expect(inOrder.lagHi).toBe(200);
    expect(attachLag({ ...attach, ...requests([...rows].reverse()) })).toEqual(inOrder);
  });
});
