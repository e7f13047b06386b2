import { createSecureServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { randomFrom } from '../../../src/run/compose.js';
import { CA, TLS } from './h2-peer.js';
import { runInProcess } from './in-process.js';
import type { WorkloadChanges } from './workload.js';

interface Seen {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let close: () => Promise<void> = async () => {};
afterEach(() => close());

/** Node's own HTTP/2 server; `serve` answers a request once its body is read. */
async function server(serve: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void) {
  const seen: Seen[] = [];
  const sockets = new Map<number, TLSSocket>();
  const http = createSecureServer({ ...TLS, allowHTTP1: true, settings: { maxConcurrentStreams: 100 } });
  http.on('secureConnection', (socket: TLSSocket) => sockets.set(socket.remotePort ?? 0, socket));
  http.on('session', (session) => session.on('error', () => {}));
  http.on('request', (request, response) => {
    if (request.httpVersionMajor === 1) response.end('ok');
  });
  http.on('stream', (stream, headers) => {
    let body = '';
    stream.on('error', () => {});
    stream.on('data', (data: Buffer) => {
      body += data.toString('utf8');
    });
    stream.on('end', () => {
      seen.push({ headers, body });
      serve(stream, headers);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  close = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets.values()) socket.destroy();
      http.close(() => resolve());
    });
  return { port: (http.address() as { port: number }).port, seen, sockets };
}

function traffic(port: number, changes: WorkloadChanges) {
  return runInProcess(
    {
      maxDurationMs: 500,
      ...changes,
      service: { url: `https://service.test:${port}/shop?a=1`, ...changes.service },
      traffic: {
        lanes: { newWeight: 0, reuseWeight: 0, h2Weight: 1, long: null },
        resolve: { 'service.test': ['127.0.0.1'] },
        ...changes.traffic,
      },
    },
    { tls: { ca: CA } },
  );
}

describe('lane h2 against node:http2', () => {
  it('sends what HTTP/1.1 would: method, path, headers, body with values, run and number', async () => {
    const { port, seen } = await server((stream) => {
      stream.respond({ ':status': 201, 'X-Target': 's-2' });
      stream.end('done');
    });
    const { rows } = await traffic(port, {
      runId: 'run-7',
      service: {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Key': 'grün' },
        requests: [
          {
            name: 'order',
            weight: 1,
            method: 'POST',
            path: '/orders/{{id}}',
            headers: { 'Content-Type': 'application/json', 'X-Key': 'gr\u00fcn' },
            body: '{"name":"{{name}}"}',
            bodyFile: null,
            ok: null,
          },
        ],
        values: {
          file: 'v.csv',
          order: 'sequence',
          columns: ['id', 'name'],
          rows: [
            ['1', 'a "b"'],
            ['2', 'ü'],
          ],
          rowCount: 2,
        },
      },
    });
    const sent = rows.filter((r) => r.error !== 'ROLLPROOF_DROPPED');
    expect(sent.length).toBeGreaterThan(20);
    for (const row of sent) expect(row).toMatchObject({ status: 201, target: 's-2', error: null, request: 'order' });
    expect(seen.map(({ headers }) => Number(headers['x-rollproof-seq'])).sort((a, b) => a - b)).toEqual(
      sent.map((r) => r.seq),
    );
    for (const { headers, body } of seen) {
      const odd = Number(headers['x-rollproof-seq']) % 2 === 1;
      expect(headers).toMatchObject({
        ':method': 'POST',
        ':scheme': 'https',
        ':authority': `service.test:${port}`,
        ':path': `/orders/${odd ? 2 : 1}`,
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
        'x-key': 'gr\u00fcn',
        'x-rollproof-run': 'run-7',
        'user-agent': 'rollproof',
      });
      expect(headers).not.toHaveProperty('connection');
      expect(headers).not.toHaveProperty('host');
      expect(body).toBe(odd ? '{"name":"ü"}' : '{"name":"a \\"b\\""}');
    }
  });

  it('numbers its connections together with those of the other lanes', async () => {
    const { port } = await server((stream) => {
      stream.respond({ ':status': 200 });
      stream.end('ok');
    });
    const lanes = { newWeight: 1, reuseWeight: 1, h2Weight: 1, long: null };
    const { rows } = await traffic(port, { traffic: { lanes } });
    const laneOf = new Map<number, string>();
    for (const row of rows.filter((r) => r.connectionId > 0)) {
      expect(laneOf.get(row.connectionId) ?? row.lane).toBe(row.lane);
      laneOf.set(row.connectionId, row.lane);
    }
    expect(new Set(laneOf.values())).toEqual(new Set(['new', 'reuse', 'h2']));
    expect(rows.filter((r) => r.lane === 'h2' && r.status === 200).length).toBeGreaterThan(5);
  });

  it('ends every arrival in exactly one row and sends none twice, whatever becomes of streams and connections', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = randomFrom(seed);
    const fates: ((stream: ServerHttp2Stream) => void)[] = [
      (s) => s.close(random() < 0.5 ? 7 : 2),
      (s) => s.session?.goaway(0, 2 ** 31 - 1),
      (s) => s.session?.goaway(random() < 0.5 ? 2 : 11),
      (s) => s.session?.close(),
      (s) => sockets.get(s.session?.socket.remotePort ?? 0)?.destroy(),
      (s) => {
        s.respond({ 'content-length': 5 });
        s.write('abc');
        setTimeout(() => s.close(8), 2);
      },
      () => {},
    ];
    const { port, seen, sockets } = await server((stream) => {
      if (random() < 0.08) fates[Math.floor(random() * fates.length)]!(stream);
      const answer = () => {
        if (stream.destroyed || stream.closed || stream.headersSent) return;
        stream.respond({ 'x-target': 's-1' });
        stream.end('ok');
      };
      if (random() < 0.5) answer();
      else setTimeout(answer, random() * 20);
    });
    const { rows, scheduled } = await traffic(port, { traffic: { ratePerSecond: 600, timeoutMs: 600, seed } });
    expect(
      rows.map((r) => r.seq),
      `seed ${seed}`,
    ).toEqual(Array.from({ length: scheduled }, (_, i) => i));
    const numbers = seen.map(({ headers }) => Number(headers['x-rollproof-seq']));
    expect(new Set(numbers).size, `seed ${seed}: a request came twice`).toBe(numbers.length);
    const served = new Set(numbers);
    for (const row of rows) {
      if (Number.isNaN(row.sentAt))
        expect(served.has(row.seq), `seed ${seed}: ${row.seq} was dropped and sent`).toBe(false);
      if (row.error === null) expect(row, `seed ${seed}`).toMatchObject({ status: 200, bodyBytes: 2, target: 's-1' });
      if (row.status === 200 && row.error === null) expect(served.has(row.seq)).toBe(true);
      expect(row.endedAt >= row.sentAt || Number.isNaN(row.sentAt), `seed ${seed}`).toBe(true);
    }
    expect(numbers.length, `seed ${seed}`).toBeGreaterThan(5);
  });
});
