import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/domain/event.js';
import { countsOf } from '../../src/evidence/counts.js';
import { judgedSamples, NO_TARGET } from '../../src/evidence/judged-samples.js';
import { judgedWindow } from '../../src/evidence/judged-window.js';
import { recordLoss } from '../../src/evidence/record-loss.js';
import { seriesOf } from '../../src/evidence/series.js';
import { factsOf, type Row, scenarioOf } from '../runs/fact-builder.js';

const ok = (scheduledAt: number, endedAt = scheduledAt + 5, more: Partial<Row> = {}): Row => ({
  scheduledAt,
  endedAt,
  status: 200,
  target: 's1',
  version: 'v1',
  ...more,
});
const window = { from: 1000, to: 2000 };
const judged = (rows: readonly Row[], events: readonly RunEvent[] = []) =>
  judgedSamples(factsOf(scenarioOf(), events, rows), window, 100);

describe('judged set and baseline', () => {
  it('takes what was in flight in the window, and what was due in it and never sent', () => {
    const rows = [
      ok(50),
      ok(200),
      ok(990, 1000),
      ok(1000),
      ok(1999, 2500),
      ok(2000.5),
      { scheduledAt: 1500, sentAt: null, error: 'ROLLPROOF_DROPPED' },
      { scheduledAt: 900, sentAt: null, error: 'ROLLPROOF_DROPPED' },
    ];
    const samples = judged(rows);
    const at = [...samples.table.scheduledAt];
    expect(at.filter((_, i) => samples.inWindow[i] === 1)).toEqual([990, 1000, 1500, 1999]);
    expect(at.filter((_, i) => samples.inBaseline[i] === 1)).toEqual([200]);
    expect(countsOf(samples, 0)).toMatchObject({
      judged: 4,
      unknown: 1,
      failed: 0,
      baseline: 1,
      dropped: 2,
      sent: 6,
      total: 8,
    });
  });

  it('keeps a request in flight at a crash in the judged set, as unknown', () => {
    const samples = judged([{ scheduledAt: 1500, endedAt: null }]);
    expect([samples.inWindow[0], samples.unknown[0], samples.ok[0]]).toEqual([1, 1, 0]);
  });

  it('takes back what a stall may have faked, and only that', () => {
    const stall: RunEvent = { kind: 'stall', at: 1400, source: 'node', from: 1300, to: 1400 };
    const failing = (scheduledAt: number, error: string): Row => ({
      scheduledAt,
      endedAt: scheduledAt + 100,
      error,
      errorPhase: 'headers',
    });
    const samples = judged(
      [failing(1250, 'ROLLPROOF_TIMEOUT'), failing(1251, 'ECONNRESET'), failing(1600, 'ROLLPROOF_TIMEOUT')],
      [stall],
    );
    expect([...samples.failed]).toEqual([0, 1, 1]);
    expect([...samples.forged]).toEqual([1, 0, 0]);
  });

  it('knows targets by id and by instance, and nobody else', () => {
    const samples = judged([
      ok(200),
      ok(201, 205, { target: 'i-2' }),
      ok(202, 206, { target: 'evil' }),
      ok(203, 207, { target: null }),
    ]);
    expect([...samples.target]).toEqual([0, 1, NO_TARGET, NO_TARGET]);
  });

  it('lets an unstamped 5xx be the balancer only where stamps are the rule', () => {
    const lbish: Row = { scheduledAt: 1500, endedAt: 1501, status: 502 };
    const stamped = judged([ok(200), lbish]);
    const unstamped = judged([ok(200, 205, { version: null }), lbish]);
    expect(stamped.origin[1]).not.toBe(unstamped.origin[1]);
    expect([stamped.stampCoverage, unstamped.stampCoverage]).toEqual([1, 0]);
  });
});

describe('judgedWindow', () => {
  const detach: RunEvent = {
    kind: 'balancer-call',
    at: 1010,
    operation: 'detach',
    target: 's1',
    requestedAt: 1000,
    respondedAt: 1010,
    error: 'timeout',
  };
  const ended: RunEvent = { kind: 'stage-ended', at: 5000, stage: 's1', ok: true };
  const run = (deploy: 'complete' | 'failed'): RunEvent => ({
    kind: 'run-ended',
    at: 9000,
    deploy,
    stillDetached: [],
    error: null,
  });

  it('runs from the first detach, even a failed one, to the last stage and the settling', () => {
    expect(judgedWindow(factsOf(scenarioOf(), [detach, ended, run('complete')], [ok(100)]))).toEqual({
      from: 1000,
      to: 6000,
    });
  });
  it('ends with the last arrival of a run that stopped early', () => {
    expect(judgedWindow(factsOf(scenarioOf(), [detach, ended, run('failed')], [ok(7000)]))).toEqual({
      from: 1000,
      to: 7000,
    });
    expect(judgedWindow(factsOf(scenarioOf(), [detach], []))).toEqual({ from: 1000, to: 1010 });
  });
  it('is none without a detach', () => {
    expect(judgedWindow(factsOf(scenarioOf(), [ended, run('complete')], [ok(1)]))).toBeNull();
  });
});

describe('recordLoss', () => {
  const stopped = (scheduled: number): RunEvent => ({
    kind: 'traffic-stopped',
    at: 1,
    source: 'node',
    scheduled,
    error: null,
  });
  const seqs = (list: readonly number[]) => list.map((seq) => ok(100 + seq, 200 + seq, { seq }));
  it('finds holes, rows that never came, and rows that came twice', () => {
    expect(recordLoss(factsOf(scenarioOf(), [stopped(4)], seqs([0, 1, 2, 3])))).toMatchObject({
      holes: 0,
      shortfall: 0,
      duplicates: 0,
    });
    expect(recordLoss(factsOf(scenarioOf(), [stopped(6)], seqs([0, 1, 3, 3])))).toMatchObject({
      holes: 1,
      shortfall: 3,
      duplicates: 1,
    });
    expect(recordLoss(factsOf(scenarioOf(), [stopped(5)], []))).toMatchObject({ shortfall: 5 });
  });
  it('survives a sequence number out of a broken record', () => {
    expect(recordLoss(factsOf(scenarioOf(), [], seqs([0, 4_000_000_000]))).holes).toBe(3_999_999_999);
  });
});

describe('seriesOf', () => {
  it('widens its buckets for a long run and counts every arrival once', () => {
    const rows = Array.from({ length: 2000 }, (_, i) => ok(i * 1000));
    const series = seriesOf(judged(rows), ['s1', 's2']);
    expect(series.offered.length).toBeLessThanOrEqual(6000);
    expect(series.bucketMs % 100).toBe(0);
    expect(series.offered.reduce((a, b) => a + b, 0)).toBe(2000);
    expect(series.answeredBy[0]?.count.reduce((a, b) => a + b, 0)).toBe(2000);
    expect(series.heatmap.counts.flat().reduce((a, b) => a + b, 0)).toBe(2000);
    expect(series.p50[0]).toBe(5);
    expect(series.p50[1]).toBeNull();
  });
  it('counts a failure when it failed, not when it was due; a timeout when it was due', () => {
    const cut = ok(1000, 4050, { status: 0, error: 'ECONNRESET', errorPhase: 'body', lane: 'long' });
    const hung = ok(1200, 3250, { status: 0, error: 'ROLLPROOF_TIMEOUT', errorPhase: 'headers' });
    const series = seriesOf(judged([ok(0), cut, hung, ok(2000)]), ['s1']);
    const buckets = series.failed.flatMap((n, i) => (n > 0 ? [[series.from + i * series.bucketMs, n]] : []));
    expect(buckets).toEqual([
      [1200, 1],
      [4000, 1],
    ]);
    // The last arrival was due at 2 s: the axis reaches on to the failure, so that none is lost.
    expect(series.offered).toHaveLength(series.failed.length);
    expect(series.offered.reduce((a, b) => a + b, 0)).toBe(4);
  });
  it('is empty without arrivals', () => {
    expect(seriesOf(judged([]), ['s1'])).toMatchObject({
      bucketMs: 100,
      offered: [],
      p50: [],
      heatmap: { counts: [[]] },
    });
  });
});
