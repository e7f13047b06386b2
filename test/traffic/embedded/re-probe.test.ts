import { afterEach, describe, expect, it } from 'vitest';
import type { WeightedRequest } from '../../../src/domain/scenario.js';
import type { ReProbeFigures } from '../../../src/traffic/embedded/re-probe.js';
import { runInProcess } from './in-process.js';
import { answerOk, type Peer, peer } from './peers.js';
import type { WorkloadChanges } from './workload.js';

let open: Peer | null = null;
afterEach(async () => {
  await open?.close();
  open = null;
});

const REUSE = { newWeight: 0, reuseWeight: 1, long: null };

/** Traffic on kept connections whose third request each is answered by a reset; what comes on a new one, by `fresh`. */
async function broken(changes: WorkloadChanges = {}, fresh: Parameters<typeof peer>[0] = answerOk) {
  open = await peer((socket, request) => {
    if (Number.isNaN(request.seq)) fresh(socket, request);
    else if (request.use === 3) socket.resetAndDestroy();
    else answerOk(socket, request);
  });
  const run = await runInProcess({
    maxDurationMs: 700,
    ...changes,
    service: { url: `http://127.0.0.1:${open.port}/`, ...changes.service },
    traffic: { lanes: REUSE, ratePerSecond: 300, ...changes.traffic },
  });
  const probes = run.messages.flatMap((m): ReProbeFigures[] => (m.kind === 're-probe' ? [m.figures] : []));
  return { ...run, probes, peer: open };
}

describe('asking again after a failure on a kept connection', () => {
  it('asks the same on a new connection to the same address, outside samples and audit, a few times a second', async () => {
    const { rows, probes, scheduled, peer: server } = await broken();
    const failed = new Map(rows.filter((r) => r.error === 'ECONNRESET').map((r) => [r.seq, r]));
    expect(failed.size).toBeGreaterThan(20);
    expect(probes.length).toBeGreaterThanOrEqual(3);
    // Bounded: one per 100 ms.
    expect(probes.length).toBeLessThanOrEqual(9);
    for (const probe of probes) {
      const row = failed.get(probe.seq)!;
      expect(probe).toMatchObject({
        failure: 'ECONNRESET',
        status: 200,
        error: null,
        target: 's-1',
        remoteIp: '127.0.0.1',
      });
      expect(probe.failedAt).toBe(row.endedAt);
      expect(probe.sentAt).toBeGreaterThanOrEqual(row.endedAt);
      expect(probe.endedAt).toBeGreaterThan(probe.sentAt);
    }
    // Never an arrival, never a row, never in the audit's numbers.
    expect(rows.map((r) => r.seq)).toEqual(Array.from({ length: scheduled }, (_, i) => i));
    expect(new Set(server.seen.map((s) => s.seq)).size).toBe(server.seen.length);
    expect(server.again).toHaveLength(probes.length);
    for (const { text, use } of server.again) {
      expect(text).toMatch(/^GET \/ HTTP\/1\.1\r\n[\s\S]*\r\nConnection: close\r\nX-Rollproof-Again: \d+\r\n\r\n$/);
      expect(text).not.toContain('X-Rollproof-Run');
      expect(use).toBe(1);
    }
    expect(server.again.map(({ text }) => Number(/Again: (\d+)/.exec(text)![1]))).toEqual(probes.map((p) => p.seq));
  });

  it('says as raw as a sample what came of it', async () => {
    const { probes } = await broken({}, (socket) => socket.end());
    expect(probes.length).toBeGreaterThan(2);
    for (const probe of probes)
      expect(probe).toMatchObject({ status: 0, error: 'ROLLPROOF_PEER_CLOSED', errorPhase: 'headers' });
  });

  it('never repeats what may change something, and asks nothing after failures of new connections', async () => {
    const posted = await broken({ service: { method: 'POST', body: 'x' } });
    expect(posted.rows.some((r) => r.error === 'ECONNRESET')).toBe(true);
    expect([posted.probes, posted.peer.again]).toEqual([[], []]);
    await open?.close();
    open = await peer((socket) => socket.resetAndDestroy());
    const url = `http://127.0.0.1:${open.port}/`;
    const { messages } = await runInProcess({ maxDurationMs: 300, service: { url }, traffic: { lanes: REUSE } });
    expect(messages.filter((m) => m.kind === 're-probe')).toEqual([]);
    expect(open.again).toEqual([]);
  });

  it('asks what had failed of several requests, a body that looks like our headers left alone', async () => {
    const request = (name: string, method: string): WeightedRequest => ({
      name,
      method,
      weight: 1,
      path: `/${name}`,
      headers: { 'X-A': 'X-Rollproof-Run: mine' },
      body: 'a\r\nX-Rollproof-Seq: 1\r\n',
      bodyFile: null,
      ok: null,
    });
    const requests = [request('safe', 'GET'), request('unsafe', 'PUT')];
    const { probes, peer: server } = await broken({ service: { requests } });
    expect(probes.length).toBeGreaterThan(2);
    expect(new Set(probes.map((p) => p.request))).toEqual(new Set(['safe']));
    for (const { text } of server.again) {
      expect(text).toMatch(/^GET \/safe /);
      expect(text).toContain('\r\nX-A: X-Rollproof-Run: mine\r\n');
      expect(text.endsWith('\r\n\r\na\r\nX-Rollproof-Seq: 1\r\n')).toBe(true);
    }
  });
});
