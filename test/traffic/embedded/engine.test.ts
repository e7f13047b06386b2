import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
// The worker exists only compiled: `npx tsc -p tsconfig.json` first.
import { embeddedEngine } from '../../../dist/traffic/embedded/engine.js';
import type { RunEvent } from '../../../src/domain/event.js';
import type { TrafficProgress } from '../../../src/domain/ports.js';
import type { SampleBatch } from '../../../src/domain/sample.js';
import type { WeightedRequest } from '../../../src/domain/scenario.js';
import { answerOk, type Peer, peer } from './peers.js';
import { rowsOf } from './rows.js';
import { type WorkloadChanges, workload } from './workload.js';

const pathOf = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const request = (more: Partial<WeightedRequest>): WeightedRequest => ({
  name: 'one',
  weight: 1,
  method: 'GET',
  path: '/',
  headers: {},
  body: null,
  bodyFile: null,
  ok: null,
  ...more,
});
const VALUES = { file: 'v.csv', order: 'sequence', columns: ['n'], rows: [['1']], rowCount: 1 } as const;
const folder = mkdtempSync(join(tmpdir(), 'rollproof-tls-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let server: Peer;
beforeEach(async () => {
  server = await peer(answerOk);
});
afterEach(() => server.close());

interface Options {
  readonly signal?: AbortSignal;
  readonly append?: (batch: SampleBatch) => boolean;
  readonly onProgress?: (progress: TrafficProgress) => void;
}

/** One run through the worker, with instant 0 now. */
async function run(changes: WorkloadChanges = {}, options: Options = {}) {
  const origin = process.hrtime.bigint();
  const now = () => Number(process.hrtime.bigint() - origin) / 1e6;
  const batches: SampleBatch[] = [];
  const events: RunEvent[] = [];
  const progress: TrafficProgress[] = [];
  const end = await embeddedEngine().run(
    workload({
      monotonicOriginNs: String(origin),
      ...changes,
      service: { url: `http://127.0.0.1:${server.port}/`, ...changes.service },
    }),
    {
      samples: {
        append: (batch) => {
          batches.push(batch);
          return options.append?.(batch) ?? true;
        },
      },
      events: { append: (event) => events.push(event) },
      progress: (p) => {
        progress.push(p);
        options.onProgress?.(p);
      },
    },
    options.signal ?? new AbortController().signal,
  );
  return { end, rows: rowsOf(batches), batches, events, progress, endedAt: now() };
}

const contiguous = (rows: readonly { seq: number }[]) => expect(rows.map((r) => r.seq)).toEqual(rows.map((_, i) => i));

describe('embeddedEngine', () => {
  it('runs to its maximum duration: every arrival a row, every sent row one request, times on the run’s clock', async () => {
    const { end, rows, events, progress, batches, endedAt } = await run({ startAt: 300, maxDurationMs: 1500 });
    contiguous(rows);
    expect(end).toEqual({ scheduled: 300, error: null });
    expect(rows).toHaveLength(300);
    const sent = rows.filter((r) => !Number.isNaN(r.sentAt));
    expect(sent.length).toBeGreaterThan(250);
    expect(server.seen.map((s) => s.seq).sort((a, b) => a - b)).toEqual(sent.map((r) => r.seq));
    for (const row of sent) {
      expect(row).toMatchObject({ status: 200, error: null, target: 's-1', version: '7' });
      expect(row.scheduledAt).toBeGreaterThanOrEqual(300);
      expect(row.endedAt).toBeLessThan(endedAt);
    }
    expect(batches.length).toBeGreaterThanOrEqual(5);
    expect(server.seen.every((s) => s.text.includes('X-Rollproof-Run: test-run\r\n'))).toBe(true);
    const health = events.filter((e) => e.kind === 'generator-health');
    expect(health.length).toBeGreaterThanOrEqual(2);
    expect(health.at(-1)).toMatchObject({ source: 'embedded', sent: sent.length, ended: sent.length, inFlight: 0 });
    const probes = events.filter((e) => e.kind === 'control-probe');
    expect(probes).toHaveLength(health.length);
    expect(probes.every((e) => e.source === 'embedded' && e.failed === 0)).toBe(true);
    // 15 slots; what the machine slept through, and the last one when cut by the end, is not counted.
    expect(probes.reduce((sum, e) => sum + e.sent, 0)).toBeGreaterThan(7);
    expect(probes.reduce((sum, e) => sum + e.sent, 0)).toBeLessThanOrEqual(16);
    expect(events.every((e) => ['generator-health', 'control-probe', 'stall'].includes(e.kind))).toBe(true);
    expect(progress.at(-1)).toMatchObject({
      scheduled: 300,
      sent: sent.length,
      ok: sent.length,
      failed: 0,
      inFlight: 0,
    });
    expect(progress.some((p) => (p.answeredBy['s-1'] ?? 0) > 0 && p.latencyMsP99 > 0)).toBe(true);
  });

  it('shares a plan between threads: told to stop in the middle, their union is the plan up to one number', async () => {
    const batches: SampleBatch[][] = [[], [], []];
    const sources = new Set<string>();
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1300);
    const progress: TrafficProgress[] = [];
    const end = await embeddedEngine(3).run(
      workload({
        monotonicOriginNs: String(process.hrtime.bigint()),
        maxDurationMs: 60_000,
        service: { url: `http://127.0.0.1:${server.port}/` },
        traffic: { precise: true },
      }),
      {
        samples: { append: (batch, segment) => batches[segment! - 1]!.push(batch) > 0 },
        events: { append: (event) => event.kind === 'generator-health' && sources.add(event.source) },
        progress: (figures) => progress.push(figures),
      },
      stop.signal,
    );
    const parts = batches.map((of) => rowsOf(of));
    const rows = parts.flat().sort((a, b) => a.seq - b.seq);
    contiguous(rows);
    expect(rows.length).toBeGreaterThan(80);
    expect(parts.flatMap((part, i) => part.filter((row) => row.seq % 3 !== i))).toEqual([]);
    expect(rows.every((row, i) => i === 0 || row.scheduledAt > rows[i - 1]!.scheduledAt)).toBe(true);
    expect(end).toEqual({
      scheduled: rows.length,
      error: null,
      segments: parts.map((part) => ({ scheduled: part.length, error: null })),
    });
    expect(sources).toEqual(new Set(['embedded-1', 'embedded-2', 'embedded-3']));
    expect(progress.at(-1)!.scheduled).toBeGreaterThan(rows.length / 2);
  });

  it('is not delayed by a busy main thread', async () => {
    let blocked = 0;
    const { rows, end } = await run(
      { maxDurationMs: 1500, startAt: 200 },
      {
        onProgress: () => {
          const until = performance.now() + 120;
          while (performance.now() < until);
          blocked++;
        },
      },
    );
    expect(end.error).toBeNull();
    expect(blocked).toBeGreaterThan(4);
    const lateness = rows.map((r) => r.sentAt - r.scheduledAt).sort((a, b) => a - b);
    // Blocked half of the time, a generator on the main thread would be 60 ms late at the 75th percentile.
    expect(lateness[Math.floor(lateness.length * 0.75)]!).toBeLessThan(20);
  });

  it('shows an injected stall as a stall event and as dropped arrivals', async () => {
    const { rows, events } = await run({
      maxDurationMs: 1500,
      startAt: 200,
      traffic: { injectStall: { atMs: 500, durationMs: 400 } },
    });
    contiguous(rows);
    expect(rows).toHaveLength(300);
    const stall = events.find((e) => e.kind === 'stall' && e.to - e.from >= 400);
    expect(stall).toBeDefined();
    if (stall?.kind !== 'stall') return;
    expect(stall.from).toBeGreaterThanOrEqual(650);
    expect(stall.from).toBeLessThanOrEqual(850);
    const dropped = rows.filter((r) => r.error === 'ROLLPROOF_DROPPED');
    expect(dropped.length).toBeGreaterThan(40);
    expect(dropped.some((r) => r.scheduledAt > stall.from && r.scheduledAt < stall.to)).toBe(true);
    expect(events.some((e) => e.kind === 'generator-health' && e.eventLoopDelayMaxMs > 300)).toBe(true);
  });

  it('stops when told to and waits for what is in flight', async () => {
    await server.close();
    server = await peer((s, r) => setTimeout(() => answerOk(s, r), 200));
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 700);
    const { end, rows, endedAt } = await run({ maxDurationMs: 600_000 }, { signal: stop.signal });
    contiguous(rows);
    expect(end).toEqual({ scheduled: rows.length, error: null });
    expect(rows.length).toBeGreaterThan(50);
    for (const row of rows) expect([null, 'ROLLPROOF_DROPPED']).toContain(row.error);
    expect(endedAt).toBeLessThan(3000);
  });

  it('does nothing when told to stop before it starts', async () => {
    expect((await run({}, { signal: AbortSignal.abort() })).end).toEqual({ scheduled: 0, error: null });
    expect(server.seen).toEqual([]);
  });

  it('ends soon when stopped while the start is still far', async () => {
    const { end, endedAt } = await run({ startAt: 60_000 }, { signal: AbortSignal.timeout(300) });
    expect(end).toEqual({ scheduled: 0, error: null });
    expect(endedAt).toBeLessThan(3000);
  });

  it('splits a fast run into batches of at most 8,192 rows whose dictionaries go on', async () => {
    const { rows, batches } = await run({
      maxDurationMs: 1000,
      startAt: 200,
      traffic: { ratePerSecond: 3000, maxInFlight: 5 },
    });
    contiguous(rows);
    expect(rows).toHaveLength(3000);
    for (const batch of batches) {
      expect(batch.length).toBeLessThanOrEqual(8192);
      expect(batch.error.values[1]).toBe('ROLLPROOF_DROPPED');
    }
  });

  it('stops the traffic when samples cannot be written, whether the sink says so or throws', async () => {
    const throwing = () => {
      throw new Error('disk gone');
    };
    for (const [append, message] of [
      [() => false, /could not be written/],
      [throwing, /disk gone/],
    ] as const) {
      const { end, endedAt } = await run({ maxDurationMs: 600_000 }, { append });
      expect(end.error).toMatch(message);
      expect(endedAt).toBeLessThan(4000);
    }
  });

  it('tells of a thread that dies at birth or in full flight, with what it owed, and never hangs', async () => {
    const born = await run({ monotonicOriginNs: 'not a number' });
    expect(born.end).toMatchObject({ scheduled: 0, error: expect.stringMatching(/traffic thread died/) });
    // A rule that is no rule: the first answer throws inside the thread.
    const flying = await run({ maxDurationMs: 60_000, service: { ok: { status: null as never, bodyContains: null } } });
    expect(flying.end.error).toMatch(/traffic thread broke/);
    expect(flying.end.scheduled).toBeGreaterThan(0);
    expect(flying.end.scheduled).toBeGreaterThanOrEqual(flying.rows.length);
  });

  it('refuses up front what it could not run', async () => {
    const refused = (changes: WorkloadChanges) =>
      expect(run(changes)).rejects.toMatchObject({ code: 'SCENARIO_INVALID' });
    await refused({ service: { headers: { A: 'b\r\nC: d' } } });
    await refused({ traffic: { ratePerSecond: 0 } });
    await refused({ traffic: { tls: { caFile: '/no/such/file', serverName: null, insecure: false } } });
    await refused({ traffic: { resolve: { '127.0.0.1': ['nowhere'] } } });
    await refused({ service: { requests: [request({ path: '/{{who}}' })], values: VALUES } });
    const tls = { caFile: null, serverName: null, insecure: false };
    const [certFile, keyFile] = [pathOf('test-cert.pem'), pathOf('test-key.pem')];
    await refused({ traffic: { tls: { ...tls, certFile, keyFile: certFile } } });
    await refused({ traffic: { tls: { ...tls, certFile, keyFile: null } } });
    const encrypted = join(folder, 'key.pem');
    const [cipher, passphrase] = ['aes-256-cbc', 'hunter2'];
    const pem = createPrivateKey(readFileSync(keyFile)).export({ type: 'pkcs8', format: 'pem', cipher, passphrase });
    writeFileSync(encrypted, pem);
    for (const keyPassphrase of [null, 'wrong'])
      await refused({ traffic: { tls: { ...tls, certFile, keyFile: encrypted, keyPassphrase } } });
    const long = { ratePerSecond: 1, path: '/', minHoldMs: 1, maxHoldMs: 5000 };
    await refused({ traffic: { lanes: { newWeight: 1, reuseWeight: 1, long } } });
    expect(server.seen).toEqual([]);
  });

  it('trusts a CA file and shows the client certificate of its files', async () => {
    const fixture = pathOf;
    const read = (name: string) => readFileSync(fixture(name));
    await server.close();
    const [key, cert] = [read('test-key.pem'), read('test-cert.pem')];
    server = await peer(answerOk, { key, cert, ca: cert, requestCert: true, rejectUnauthorized: true });
    const client = { certFile: fixture('test-cert.pem'), keyFile: fixture('test-key.pem'), keyPassphrase: null };
    const { rows, end } = await run({
      service: { url: `https://127.0.0.1:${server.port}/` },
      traffic: {
        ratePerSecond: 100,
        tls: { caFile: fixture('test-cert.pem'), serverName: null, insecure: false, ...client },
      },
    });
    expect(end.error).toBeNull();
    expect(rows.filter((r) => r.status === 200).length).toBeGreaterThan(30);
    expect(rows.every((r) => r.error === null || r.error === 'ROLLPROOF_DROPPED')).toBe(true);
  });
});
