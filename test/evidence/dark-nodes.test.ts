import { describe, expect, it } from 'vitest';
import { SAMPLE_CLASSES, type SampleClass } from '../../src/domain/outage.js';
import { darkNodes, darkSpanAt } from '../../src/evidence/attribution/dark-nodes.js';
import type { JudgedSamples } from '../../src/evidence/judged-samples.js';
import { type SampleRow, sampleTable } from './sample-rows.js';

type Row = SampleRow & { readonly class: SampleClass; readonly by?: number };

/** Rows as they ended, which is the order they are written in. */
function judged(rows: readonly Row[]): JudgedSamples {
  const sorted = [...rows].sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0));
  return {
    table: sampleTable(sorted),
    class: Uint8Array.from(sorted, (r) => SAMPLE_CLASSES.indexOf(r.class)),
    ok: Uint8Array.from(sorted, (r) => (r.class === 'ok' ? 1 : 0)),
    failed: Uint8Array.from(sorted, (r) => (r.class === 'ok' ? 0 : 1)),
    target: Int16Array.from(sorted, (r) => r.by ?? (r.class === 'ok' ? 0 : -1)),
  } as unknown as JudgedSamples;
}
const row = (sentAt: number, kind: SampleClass, remoteIp: string, tookMs = 1): Row => ({
  sentAt,
  endedAt: sentAt + tookMs,
  class: kind,
  status: kind === 'ok' ? 200 : 503,
  remoteIp,
});
const series = (from: number, count: number, kind: SampleClass, ip: string, tookMs = 1) =>
  Array.from({ length: count }, (_, k) => row(from + 10 * k, kind, ip, tookMs));

describe('darkNodes', () => {
  it('finds the span in which one node answers everything itself, whatever the other one does', () => {
    const samples = judged([
      ...series(0, 10, 'ok', '127.0.0.2'),
      ...series(0, 60, 'ok', '127.0.0.3'),
      ...series(100, 30, 'http_5xx_lb', '127.0.0.2'),
      ...series(400, 10, 'ok', '127.0.0.2'),
    ]);
    const node = samples.table.remoteIp.values.indexOf('127.0.0.2');
    expect([...darkNodes(samples)]).toEqual([[node, [{ from: 100, to: 390, shownAt: 121 }]]]);
    expect(darkSpanAt(darkNodes(samples), node, 250)).toMatchObject({ from: 100, to: 390 });
    expect(darkSpanAt(darkNodes(samples), node, 395)).toBeNull();
    expect(darkSpanAt(darkNodes(samples), node + 1, 250)).toBeNull();
  });

  it('is not misled by a long request that was sent before and answered in it', () => {
    const samples = judged([row(90, 'ok', '127.0.0.2', 150), ...series(100, 30, 'http_5xx_lb', '127.0.0.2')]);
    expect([...darkNodes(samples).values()]).toEqual([[{ from: 100, to: 390, shownAt: 121 }]]);
  });

  it('asks for more failures in a row than chance gives, and for the balancer to have made them', () => {
    const few = [...series(0, 19, 'http_5xx_lb', '127.0.0.2'), ...series(190, 3, 'ok', '127.0.0.2')];
    expect(darkNodes(judged(few)).size).toBe(0);
    const broken = [...series(0, 15, 'http_5xx_lb', 'a'), row(150, 'ok', 'a'), ...series(160, 15, 'http_5xx_lb', 'a')];
    expect(darkNodes(judged(broken)).size).toBe(0);
    expect(darkNodes(judged(series(0, 40, 'reset', 'a'))).size).toBe(0);
    const named = series(0, 40, 'http_5xx_lb', 'a').map((each) => ({ ...each, by: 1 }));
    expect(darkNodes(judged(named)).size).toBe(0);
  });

  it('takes a 502 or 504 for a sign of somebody who was asked', () => {
    const late = (sentAt: number): Row => ({ ...row(sentAt, 'http_5xx_lb', 'a'), status: 504 });
    expect(darkNodes(judged(series(0, 40, 'http_5xx_lb', 'a').map((each) => ({ ...each, status: 502 })))).size).toBe(0);
    // Cut when its target stopped, the first of an outage; then that target answers nothing but fails fastest.
    const samples = judged([late(90), ...series(100, 30, 'http_5xx_lb', 'a', 60)]);
    expect([...darkNodes(samples).values()]).toEqual([[{ from: 100, to: 390, shownAt: 180 }]]);
    const parted = [...series(0, 15, 'http_5xx_lb', 'a'), late(150), ...series(160, 15, 'http_5xx_lb', 'a')];
    expect(darkNodes(judged(parted)).size).toBe(0);
  });
});
