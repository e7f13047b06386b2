import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { SampleBatch } from '../../../src/domain/sample.js';
import { findProgram, processHost } from '../../../src/traffic/foreign/process-host.js';
import { ownPlan, ownScript } from '../../../src/traffic/own/engine.js';
import { answerOk, peer } from '../embedded/peers.js';
import { rowsOf } from '../embedded/rows.js';
import { type WorkloadChanges, workload } from '../embedded/workload.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-own-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const script = join(folder, 'own.js');
writeFileSync(script, '');
copyFileSync(new URL('../fixtures/k6/probe.csv', import.meta.url), join(folder, 'probe.csv'));

/** A `k6` of version 2 that does this with results file $out when it is run. */
function fakeK6(run: string): string {
  const path = join(folder, `k6-${Math.abs(hash(run))}`);
  const body = `#!/bin/sh
if [ "$1" = version ]; then echo 'k6-v2.2.0 v2.2.0 (fake)'; exit 0; fi
out=$(echo "$*" | sed 's/.*fileName=\\([^,]*\\),.*/\\1/')
${run}
`;
  writeFileSync(path, body, { mode: 0o755 });
  return path;
}
const hash = (text: string) => [...text].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) | 0, 7);

async function fired(k6: string, own: string, changes: WorkloadChanges = {}, stopAfterMs = 400) {
  const engine = await ownScript(own, processHost({ ...process.env, K6_VUS: '99', ROLLPROOF_K6: k6 }));
  const batches: SampleBatch[] = [];
  const stop = new AbortController();
  setTimeout(() => stop.abort(), stopAfterMs);
  const end = await engine.run(
    workload({
      source: 'k6',
      monotonicOriginNs: String(process.hrtime.bigint()),
      maxDurationMs: 60_000,
      ...changes,
      traffic: { timeoutMs: 100, ...changes.traffic },
    }),
    { samples: { append: (b) => batches.push(b) > 0 }, events: { append: () => {} }, progress: () => undefined },
    stop.signal,
  );
  return { engine, end, rows: rowsOf(batches) };
}

describe('ownScript', () => {
  it('takes the results in when the run is over, and says what they cannot prove', async () => {
    const k6 = fakeK6(
      `cp ${folder}/probe.csv "$out"; env > ${folder}/env; trap 'exit 105' INT; while :; do sleep 0.02; done`,
    );
    const { engine, end, rows } = await fired(k6, script, {
      service: { url: 'http://lb.test/x' },
      traffic: { resolve: { 'lb.test': ['127.0.0.9:81'] } },
    });
    expect(engine.capabilities).toMatchObject({ name: 'k6', healthEveryMs: null, knowsScheduledTime: false });
    expect(rows.length).toBeGreaterThan(80);
    expect(end).toEqual({
      scheduled: rows.length,
      error: 'traffic.script is not whole evidence: 1 numbered arrivals are missing',
    });
    const env = readFileSync(join(folder, 'env'), 'utf8');
    expect(env).toMatch(/^ROLLPROOF_URL=http:\/\/lb\.test\/x$/m);
    expect(env).toMatch(/^ROLLPROOF_URLS=http:\/\/127\.0\.0\.9:81\/x$/m);
    expect(env).not.toMatch(/^K6_VUS=/m);
  });

  it('a script that ends before the deploy does is told, with its own words made plain', async () => {
    const k6 = fakeK6("printf 'script: \\033[31mboom\\n' >&2; exit 107");
    const { end, rows } = await fired(k6, script, {}, 20_000);
    expect(rows).toEqual([]);
    expect(end.error).toMatch(
      /ended by itself after 0 s \(exit code 107\).*it said: script: +\[31mboom; it wrote no results$/,
    );
  });

  it('refuses a script or a plan that is not there before anything is touched', async () => {
    const missing = join(folder, 'nowhere');
    const host = processHost(process.env);
    const refused = { code: 'SCENARIO_INVALID', exitCode: 64 };
    await expect(ownScript(missing, host)).rejects.toMatchObject(refused);
    await expect(ownPlan(missing, host)).rejects.toMatchObject(refused);
  });
});

const real = findProgram(process.env.ROLLPROOF_K6 ?? 'k6', process.env);
describe.skipIf(real === null)('ownScript with real k6', () => {
  it('runs until it is stopped; its rows are those of the run, never whole evidence', async () => {
    const server = await peer((socket, request) => answerOk(socket, request));
    const own = join(folder, 'real.js');
    writeFileSync(
      own,
      `import http from 'k6/http';
export const options = { scenarios: { mine: { executor: 'constant-arrival-rate', rate: 50, duration: '5m', preAllocatedVUs: 20 } } };
export default () => http.post(__ENV.ROLLPROOF_URLS.split(',')[0], 'x', { headers: { 'X-Rollproof-Seq': '1' } });
`,
    );
    const service = { url: `http://127.0.0.1:${server.port}/` };
    const { end, rows } = await fired(real ?? '', own, { service, traffic: { timeoutMs: 500 } }, 3500);
    await server.close();
    expect(rows.length).toBeGreaterThan(30);
    expect(rows.every((row) => row.status === 200)).toBe(true);
    expect(end.scheduled).toBe(rows.length);
    expect(end.error).toMatch(/not whole evidence: it does not say when arrivals were meant to be sent/);
  }, 60_000);
});
