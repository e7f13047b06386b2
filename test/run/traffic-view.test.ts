import { describe, expect, it } from 'vitest';
import type { DictionaryColumn, SampleBatch } from '../../src/domain/sample.js';
import { liveTraffic } from '../../src/run/traffic-view.js';

const TARGETS = [
  { id: 'a', instance: 'i-a' },
  { id: 'b', instance: 'i-b' },
];

interface Row {
  readonly target?: string;
  readonly version?: string;
  readonly status?: number;
  readonly sentAt?: number;
  readonly error?: string;
  readonly bodyOk?: number;
}

const column = (texts: readonly (string | undefined)[]): DictionaryColumn => {
  const values: (string | null)[] = [null];
  const codes = Uint16Array.from(texts, (text) => (text === undefined ? 0 : values.push(text) - 1));
  return { codes, values };
};

/** Only the columns the view looks at. */
function batch(rows: readonly Row[]): SampleBatch {
  return {
    length: rows.length,
    target: column(rows.map((r) => r.target)),
    version: column(rows.map((r) => r.version)),
    error: column(rows.map((r) => r.error)),
    status: Uint16Array.from(rows, (r) => r.status ?? 200),
    bodyOk: Uint8Array.from(rows, (r) => r.bodyOk ?? 2),
    sentAt: Float64Array.from(rows, (r) => r.sentAt ?? Number.NaN),
    endedAt: Float64Array.from(rows, (r) => r.sentAt ?? Number.NaN),
  } as unknown as SampleBatch;
}
const view = (...rows: Row[]) => {
  const live = liveTraffic({ status: [[200, 299]], bodyContains: null }, TARGETS);
  live.add(batch(rows));
  return live;
};
const good = { target: 'a', version: 'v2', sentAt: 100 };

describe('what the runner sees of the traffic', () => {
  it('has seen a target when a good answer of that version was asked for since', () => {
    const live = view(good, { ...good, sentAt: 50 });
    expect(live.seenSince('a', 'v2', 100)).toBe(true);
    for (const [target, version, since] of [
      ['a', 'v2', 101],
      ['a', 'v1', 0],
      ['b', 'v2', 0],
    ] as const)
      expect(live.seenSince(target, version, since)).toBe(false);
  });

  it.each([
    ['a bad status', { status: 503 }],
    ['an error', { error: 'ECONNRESET' }],
    ['a body that is not the right one', { bodyOk: 0 }],
    ['a request that was never sent', { sentAt: Number.NaN }],
  ])('takes no proof from %s', (_what, row) => {
    expect(view({ ...good, ...row }).seenSince('a', 'v2', 0)).toBe(false);
  });

  it('knows when a target was last reached, by whatever it answered, and by what was sent only', () => {
    const live = view(
      good,
      { ...good, sentAt: 300, status: 500 },
      { target: 'a', sentAt: 200 },
      { target: 'b' },
      { sentAt: 900 },
    );
    expect(live.silence('a', 0).lastSentAt).toBe(300);
    expect(live.silence('b', 0).lastSentAt).toBeNull();
  });

  it('forgets no target it knows because strangers name a thousand others', () => {
    const live = view(good, ...Array.from({ length: 5_000 }, (_, i) => ({ ...good, target: `stranger-${i}` })));
    live.add(batch([{ ...good, sentAt: 700 }]));
    expect([live.silence('a', 0).lastSentAt, live.seenSince('a', 'v2', 700)]).toEqual([700, true]);
  });

  it('knows a target by the balancer’s name for it as well', () => {
    const live = view({ target: 'i-a', version: 'v2', sentAt: 300 });
    expect([live.silence('a', 0).lastSentAt, live.seenSince('a', 'v2', 200)]).toEqual([300, true]);
  });
});
