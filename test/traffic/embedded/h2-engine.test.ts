import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
// The worker exists only compiled: `npx tsc -p tsconfig.json` first.
import { embeddedEngine } from '../../../dist/traffic/embedded/engine.js';
import type { SampleBatch } from '../../../src/domain/sample.js';
import type { Traffic } from '../../../src/domain/scenario.js';
import { h2Findings } from '../../../src/traffic/embedded/h2-offer.js';
import { systemLookup } from '../../../src/traffic/embedded/thread-host.js';
import { jmxPlan } from '../../../src/traffic/jmeter/jmx.js';
import { probePlans } from '../../../src/traffic/k6/probe-plan.js';
import { type H2Peer, type H2PeerOptions, h2Peer } from './h2-peer.js';
import { rowsOf } from './rows.js';
import { workload } from './workload.js';

const CA_FILE = fileURLToPath(new URL('../fixtures/test-cert.pem', import.meta.url));
const ALL = { newWeight: 0, reuseWeight: 0, h2Weight: 1, long: null };

let open: H2Peer | null = null;
afterEach(async () => {
  await open?.close();
  open = null;
});

async function shop(options: H2PeerOptions = {}, traffic: Partial<Traffic> = {}) {
  open = await h2Peer((c, id) => c.ok(id), options);
  return workload({
    monotonicOriginNs: String(process.hrtime.bigint()),
    maxDurationMs: 400,
    service: { url: `https://service.test:${open.port}/` },
    traffic: {
      lanes: ALL,
      resolve: { 'service.test': [`127.0.0.1:${open.port}`] },
      tls: { caFile: CA_FILE, serverName: null, insecure: false },
      ...traffic,
    },
  });
}

describe('lane h2 of the embedded engine', () => {
  it('fires from its thread, and says what it cannot see', async () => {
    const work = await shop();
    const engine = embeddedEngine(1, true);
    const batches: SampleBatch[] = [];
    const end = await engine.run(
      work,
      {
        samples: { append: (batch) => batches.push(batch) > 0 },
        events: { append: () => {} },
        progress: () => {},
      },
      new AbortController().signal,
    );
    expect(end.error).toBeNull();
    const rows = rowsOf(batches).filter((r) => r.error !== 'ROLLPROOF_DROPPED');
    expect(rows.length).toBeGreaterThan(40);
    for (const row of rows) expect(row).toMatchObject({ lane: 'h2', status: 200, error: null });
    expect(engine.capabilities.limits).toEqual([expect.stringContaining('lane h2 cannot see')]);
    expect(embeddedEngine().capabilities).not.toHaveProperty('limits');
  });

  it('is refused before any traffic where an address speaks TLS and does not choose HTTP/2', async () => {
    for (const alpn of [null, ['http/1.1']]) {
      const work = await shop({ alpn });
      expect(await h2Findings(work, systemLookup)).toEqual([
        {
          id: 'h2',
          level: 'refused',
          message: expect.stringContaining(`127.0.0.1 port ${open!.port} does not choose HTTP/2`),
          hint: expect.stringContaining('ALPN h2'),
        },
      ]);
      expect(open!.connections.flatMap((c) => c.streams)).toEqual([]);
      await open!.close();
    }
  });

  it('leaves it to the run what becomes of an address that cannot be reached or has another certificate', async () => {
    const dark = await shop({}, { resolve: { 'service.test': ['127.0.0.1:1', '127.0.0.2:1'] } });
    expect(await h2Findings(dark, systemLookup)).toEqual([]);
    await open!.close();
    const strange = await shop({}, { tls: { caFile: null, serverName: null, insecure: false } });
    expect(await h2Findings(strange, systemLookup)).toEqual([]);
    // Not asked at all without the lane, and found by name.
    const lanes = { ...ALL, newWeight: 1, h2Weight: 0 };
    expect(await h2Findings(workload({ traffic: { lanes } }), systemLookup)).toEqual([]);
    const asked: string[] = [];
    await h2Findings(await shop({}, { resolve: {} }), (host, done) => {
      asked.push(host);
      done('ENOTFOUND', null);
    });
    expect(asked).toEqual(['service.test']);
  });

  it('is refused without TLS, and by the engines that do not run it', async () => {
    const plain = workload({ service: { url: 'http://service.test/' }, traffic: { lanes: ALL } });
    const sinks = { samples: { append: () => true }, events: { append: () => {} }, progress: () => {} };
    await expect(embeddedEngine(1, true).run(plain, sinks, new AbortController().signal)).rejects.toMatchObject({
      code: 'SCENARIO_INVALID',
      message: expect.stringContaining('needs an https service'),
    });
    const traffic = { lanes: { ...ALL, newWeight: 1 }, tls: { caFile: null, serverName: null, insecure: true } };
    const secure = workload({ service: { url: 'https://service.test/', method: 'POST' }, traffic });
    expect(() => probePlans(secure)).toThrow(/engine k6: does not run lane h2/);
    expect(() => jmxPlan(secure)).toThrow(/engine jmeter: does not run lane h2/);
  });
});
