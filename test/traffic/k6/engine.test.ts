import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/domain/event.js';
import type { SampleBatch } from '../../../src/domain/sample.js';
import { findProgram, processHost } from '../../../src/traffic/foreign/process-host.js';
import { k6Engine } from '../../../src/traffic/k6/engine.js';
import { findK6 } from '../../../src/traffic/k6/k6-tool.js';
import { testScenario } from '../../support/scenario.js';
import { answerOk, peer } from '../embedded/peers.js';
import { rowsOf } from '../embedded/rows.js';
import { workload } from '../embedded/workload.js';

const absent = findProgram(process.env.ROLLPROOF_K6 ?? 'k6', process.env) === null;
if (absent && process.env.ROLLPROOF_REQUIRE_TOOLS === '1')
  throw new Error('there is no k6: put it on PATH or name it in ROLLPROOF_K6');

describe('findK6', () => {
  it('says what to do when there is none, and when it is not k6', async () => {
    await expect(findK6(processHost({ PATH: '/nonexistent' }))).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      exitCode: 69,
    });
    await expect(findK6(processHost({ ROLLPROOF_K6: '/bin/true' }))).rejects.toThrow(/does not answer like k6/);
  });
});

describe.skipIf(absent)('k6Engine with real k6', () => {
  it('fires both lanes in two processes, every slot a row, and ends when told to', async () => {
    const server = await peer(answerOk);
    const origin = process.hrtime.bigint();
    const base = testScenario();
    const service = { ...base.service, method: 'POST', url: `http://127.0.0.1:${server.port}/` };
    const engine = await k6Engine({ ...base, service }, processHost(process.env));
    const batches: SampleBatch[] = [];
    const events: RunEvent[] = [];
    const stop = new AbortController();
    const load = workload({
      source: 'k6',
      monotonicOriginNs: String(origin),
      maxDurationMs: 60_000,
      service,
      traffic: { ratePerSecond: 60, timeoutMs: 1000, lanes: { newWeight: 1, reuseWeight: 1, long: null } },
    });
    await engine.prepare?.(load);
    const begun = Number(process.hrtime.bigint() - origin) / 1e6;
    const ending = engine.run(
      load,
      {
        samples: { append: (b) => batches.push(b) > 0 },
        events: { append: (e) => events.push(e) },
        progress: () => undefined,
      },
      stop.signal,
    );
    setTimeout(() => stop.abort(), 3000);
    const end = await ending;
    await server.close();
    const rows = rowsOf(batches);
    expect(end).toEqual({ scheduled: rows.length, error: null });
    expect(rows.map((r) => r.seq)).toEqual(rows.map((_, i) => i));
    expect(rows.length).toBeGreaterThan(100);
    expect(new Set(rows.map((r) => r.lane)).size).toBe(2);
    for (const row of rows.filter((r) => r.status === 200)) expect(row.scheduledAt).toBeGreaterThan(begun - 50);
    const reused = rows.filter((r) => r.lane === 'reuse' && r.connectionUse > 1).length;
    expect(reused).toBeGreaterThan(0);
    expect(rows.filter((r) => r.lane === 'new' && r.connectionUse > 1)).toEqual([]);
    expect(events.some((e) => e.kind === 'generator-health')).toBe(true);
  }, 60_000);

  it('shares a plan between processes: every number of each lane once, each segment every second one', async () => {
    const server = await peer(answerOk);
    const base = testScenario();
    const service = { ...base.service, method: 'POST', url: `http://127.0.0.1:${server.port}/` };
    // An odd cap: were the VUs not made even, k6 would share the arrivals 2 : 1.
    const traffic = { ratePerSecond: 60, timeoutMs: 1000, maxInFlight: 15, segments: 2 };
    const engine = await k6Engine(
      { ...base, service, traffic: { ...base.traffic, ...traffic } },
      processHost(process.env),
    );
    expect(engine.capabilities.segments).toBe(2);
    const batches: [SampleBatch[], SampleBatch[]] = [[], []];
    const events: RunEvent[] = [];
    const load = workload({
      source: 'k6',
      monotonicOriginNs: String(process.hrtime.bigint()),
      maxDurationMs: 60_000,
      service,
      traffic: { ...traffic, lanes: { newWeight: 1, reuseWeight: 0, long: null } },
    });
    const stop = new AbortController();
    await engine.prepare?.(load);
    setTimeout(() => stop.abort(), 3000);
    const end = await engine.run(
      load,
      {
        samples: { append: (b, segment) => batches[segment! - 1]!.push(b) > 0 },
        events: { append: (e) => events.push(e) },
        progress: () => undefined,
      },
      stop.signal,
    );
    await server.close();
    const parts = batches.map((of) => rowsOf(of));
    expect(end).toMatchObject({
      error: null,
      segments: parts.map((rows) => ({ scheduled: rows.length, error: null })),
    });
    expect(parts.map((rows) => rows.map((row) => row.seq))).toEqual(
      parts.map((rows, i) => rows.map((_, own) => own * 2 + i)),
    );
    for (const rows of parts) expect(rows.length).toBeGreaterThan(50);
    expect(Math.abs(parts[0]!.length - parts[1]!.length)).toBeLessThan(20);
    const asked = server.seen.map((one) => one.seq).sort((a, b) => a - b);
    // seq is number × 3 + lane: without a hole, and none twice.
    expect(asked.slice(0, 120)).toEqual(Array.from({ length: 120 }, (_, k) => k * 3));
    const sources = new Set(events.flatMap((e) => (e.kind === 'generator-health' ? [e.source] : [])));
    expect(sources).toEqual(new Set(['k6-1', 'k6-2']));
  }, 60_000);
});
