import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { selfSignedCertificate } from '../../../src/lab/certificate.js';
import type { TlsMaterial } from '../../../src/traffic/embedded/tls-material.js';
import { runInProcess } from './in-process.js';
import { answerOk, OK, type Peer, peer, type SeenRequest } from './peers.js';
import type { RowView } from './rows.js';
import type { WorkloadChanges } from './workload.js';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const REUSE = { newWeight: 0, reuseWeight: 1, long: null };
const NEW = { newWeight: 1, reuseWeight: 0, long: null };

let open: Peer | null = null;
afterEach(async () => {
  await open?.close();
  open = null;
});

/** Half a second of traffic against a peer; the rows must be all there and each sent one seen once. */
async function against(answer: (socket: Socket, request: SeenRequest) => void, changes: WorkloadChanges = {}) {
  open = await peer(answer);
  const url = `http://127.0.0.1:${open.port}/`;
  const run = await runInProcess({ ...changes, service: { url, ...changes.service } });
  expect(run.rows.map((r) => r.seq)).toEqual(run.rows.map((_, i) => i));
  expect(run.rows.length).toBe(run.scheduled);
  const seqs = open.seen.map((s) => s.seq).sort((a, b) => a - b);
  expect(seqs).toEqual(run.rows.filter((r) => !Number.isNaN(r.sentAt)).map((r) => r.seq));
  return { ...run, seen: open.seen };
}

/** All that was sent; a test machine that stalls for 200 ms makes the generator drop arrivals, which is no defect. */
const all = (rows: readonly RowView[], expected: Partial<RowView>) => {
  const sent = rows.filter((r) => r.error !== 'ROLLPROOF_DROPPED');
  expect(sent.length).toBeGreaterThan(20);
  for (const row of sent) expect(row).toMatchObject(expected);
};

describe('embedded client on real sockets', () => {
  it('records whole answers with exact, ordered times, exactly once each', async () => {
    const { rows } = await against(answerOk);
    expect(rows).toHaveLength(100);
    all(rows, {
      status: 200,
      statusText: 'OK',
      server: 'raw',
      target: 's-1',
      version: '7',
      remoteIp: '127.0.0.1',
      error: null,
      errorPhase: 'none',
      bodyBytes: 2,
      bodyOk: 2,
    });
    for (const row of rows) {
      expect(row.localPort).toBeGreaterThan(0);
      expect(row.sentAt).toBeGreaterThanOrEqual(row.scheduledAt);
      if (row.connectionUse === 1) expect(row.connectedAt).toBeGreaterThan(row.sentAt);
      expect(row.firstByteAt).toBeGreaterThan(row.sentAt);
      expect(row.endedAt).toBeGreaterThanOrEqual(row.firstByteAt);
    }
  });

  it('leaves a fresh connection to the peer to close, so that the port is not ours to keep', async () => {
    const closedByPeer: boolean[] = [];
    const { rows } = await against(
      (socket, request) => {
        let theirFin = false;
        socket.on('end', () => {
          theirFin = true;
        });
        socket.write(OK);
        setTimeout(() => {
          closedByPeer.push(!theirFin);
          socket.end();
        }, 50);
        expect(request.use).toBe(1);
      },
      { traffic: { lanes: NEW } },
    );
    all(rows, { status: 200, connectionUse: 1, lane: 'new' });
    expect(closedByPeer.filter((first) => first).length).toBeGreaterThan(rows.length / 2);
  });

  it('sees every drop of a peer that answers once per connection and drops the second request (FIN and RST)', async () => {
    for (const [drop, codes] of [
      [(s: Socket) => s.end(), ['ROLLPROOF_PEER_CLOSED', 'ECONNRESET', 'EPIPE']],
      [(s: Socket) => s.resetAndDestroy(), ['ECONNRESET', 'EPIPE']],
    ] as const) {
      let drops = 0;
      const { rows } = await against(
        (socket, request) => {
          if (request.use === 1) socket.write(OK);
          else {
            drops++;
            drop(socket);
          }
        },
        { traffic: { lanes: REUSE } },
      );
      const failed = rows.filter((r) => r.error !== null && r.error !== 'ROLLPROOF_DROPPED');
      expect(failed.length).toBe(drops);
      all(failed, { status: 0, connectionUse: 2, firstByteAt: Number.NaN });
      for (const row of failed) expect(codes).toContain(row.error);
      await open?.close();
    }
  });

  it('lets an idle connection go that the peer closes, with or without a last word, and counts no failure', async () => {
    const bye = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
    const { rows, seen } = await against(
      (socket, request) => {
        socket.write(OK);
        if (request.seq % 3 !== 0) setTimeout(() => socket.end(request.seq % 3 === 1 ? bye : ''), 2);
      },
      { traffic: { lanes: REUSE, ratePerSecond: 40, maxInFlight: 100 }, maxDurationMs: 1500 },
    );
    const failed = rows.filter((r) => r.error !== null || r.status !== 200);
    // A close that crosses our request on the wire is a true failure; with 25 ms between requests it is rare.
    expect(failed.length).toBeLessThan(10);
    expect(seen.some((s) => s.use > 1)).toBe(true);
  });

  it('honours Connection: close and HTTP/1.0', async () => {
    const once = OK.replace('\r\n', '\r\nConnection: close\r\n');
    const { rows } = await against((s, r) => s.write(r.seq % 2 ? once : OK.replace('/1.1', '/1.0')), {
      traffic: { lanes: REUSE },
    });
    all(rows, { status: 200, error: null, connectionUse: 1 });
  });

  const endings: [string, (socket: Socket) => void, Partial<RowView>][] = [
    ['reset before the head', (s) => s.resetAndDestroy(), { error: 'ECONNRESET', errorPhase: 'headers', status: 0 }],
    ['FIN before the head', (s) => s.end(), { error: 'ROLLPROOF_PEER_CLOSED', errorPhase: 'headers', status: 0 }],
    [
      'FIN inside the head',
      (s) => s.end('HTTP/1.1 200 OK\r\nX-Tar'),
      { error: 'ROLLPROOF_PEER_CLOSED', errorPhase: 'headers', status: 0 },
    ],
    [
      'a short body',
      (s) => s.end(OK.replace('h: 2', 'h: 9')),
      { error: 'ROLLPROOF_TRUNCATED', errorPhase: 'body', status: 200, bodyBytes: 2, target: 's-1' },
    ],
    [
      'a cut chunk',
      (s) => s.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab'),
      { error: 'ROLLPROOF_TRUNCATED', errorPhase: 'body', bodyBytes: 2 },
    ],
    [
      'no HTTP at all',
      (s) => s.end('hello\r\n\r\n'),
      { error: 'HPE_ROLLPROOF_PROTOCOL', errorPhase: 'headers', status: 0 },
    ],
    [
      'two framings',
      (s) => s.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
      { error: 'HPE_ROLLPROOF_PROTOCOL', errorPhase: 'headers' },
    ],
    [
      'a broken chunk',
      (s) => s.end('HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
      { error: 'HPE_ROLLPROOF_PROTOCOL', errorPhase: 'body', status: 503 },
    ],
    [
      'a redirect, not followed',
      (s) => s.end('HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n'),
      { error: null, status: 302 },
    ],
    [
      'chunks and trailers',
      (s) => s.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nT: 1\r\n\r\n'),
      { error: null, bodyBytes: 2 },
    ],
    ['a body up to the close', (s) => s.end('HTTP/1.1 200 OK\r\n\r\nabc'), { error: null, bodyBytes: 3 }],
    [
      'a gateway error of the balancer',
      (s) => s.end('HTTP/1.1 503 Service Unavailable: Back-end server is at capacity\r\nContent-Length: 0\r\n\r\n'),
      { error: null, status: 503, statusText: 'Service Unavailable: Back-end server is at capacity', target: null },
    ],
  ];
  it.each(endings)('records %s', async (_, end, expected) => {
    all((await against((socket) => end(socket), { maxDurationMs: 250, traffic: { lanes: NEW } })).rows, expected);
  });

  it('reads an answer that drips in byte by byte', async () => {
    const { rows } = await against(
      (socket) => {
        let at = 0;
        const drip = () => {
          if (at >= OK.length || socket.destroyed) return;
          socket.write(OK[at++]!);
          setImmediate(drip);
        };
        drip();
      },
      { maxDurationMs: 200 },
    );
    all(rows, { status: 200, target: 's-1', bodyBytes: 2, error: null });
  });

  it('times out by itself, in the phase it was in', async () => {
    const silent = await against(() => {}, { maxDurationMs: 200, traffic: { timeoutMs: 150 } });
    all(silent.rows, { error: 'ROLLPROOF_TIMEOUT', errorPhase: 'headers', status: 0 });
    for (const row of silent.rows) expect(row.endedAt - row.sentAt).toBeGreaterThanOrEqual(150);
    await open?.close();
    const stuck = await against((s) => s.write(OK.replace('h: 2', 'h: 3')), {
      maxDurationMs: 200,
      traffic: { timeoutMs: 150 },
    });
    all(stuck.rows, { error: 'ROLLPROOF_TIMEOUT', errorPhase: 'body', status: 200, bodyBytes: 2 });
  });

  it('records refused connections', async () => {
    const gone = await peer(answerOk);
    await gone.close();
    const { rows } = await runInProcess({ service: { url: `http://127.0.0.1:${gone.port}/` } });
    expect(rows).toHaveLength(100);
    all(rows, {
      error: 'ECONNREFUSED',
      errorPhase: 'connect',
      status: 0,
      connectionUse: 0,
      connectionId: 0,
      localPort: 0,
      remoteIp: '127.0.0.1',
    });
  });

  it('records a failed look-up with the resolver’s code', async () => {
    const { rows } = await runInProcess({ service: { url: 'http://no-such-host.invalid/' }, maxDurationMs: 300 });
    all(rows, { errorPhase: 'dns', status: 0, remoteIp: null });
    for (const row of rows) expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(row.error);
  });

  it('uses all given addresses', async () => {
    open = await peer(answerOk);
    const { port } = open;
    const resolve = { 'service.test': [`127.0.0.1:${port}`, `127.0.0.1:${port}`, '127.0.0.1:1'] };
    const { rows } = await runInProcess({ service: { url: 'http://service.test/' }, traffic: { resolve, lanes: NEW } });
    const refused = rows.filter((r) => r.error === 'ECONNREFUSED').length;
    expect(refused).toBeGreaterThan(10);
    expect(refused).toBeLessThan(60);
    expect(rows.filter((r) => r.status === 200).length).toBe(rows.length - refused);
    expect(open.seen[0]!.text).toContain('Host: service.test\r\n');
  });

  it('posts the body and checks the answer’s', async () => {
    const { rows, seen } = await against((s, r) => answerOk(s, r, r.seq % 2 ? OK : OK.replace(/ok$/, 'no')), {
      service: {
        method: 'POST',
        body: '{"a":"é"}',
        headers: { 'Content-Type': 'application/json' },
        ok: { status: [[200, 200]], bodyContains: 'ok' },
      },
    });
    for (const row of rows) expect(row.bodyOk).toBe(row.seq % 2);
    for (const { text } of seen) expect(Buffer.from(text.split('\r\n\r\n')[1]!, 'latin1').toString()).toBe('{"a":"é"}');
  });

  it('holds long requests on fresh connections', async () => {
    const long = { ratePerSecond: 50, path: '/hold?ms={ms}', minHoldMs: 30, maxHoldMs: 60 };
    const held = (text: string) => Number(/GET \/hold\?ms=(\d+) /.exec(text)?.[1] ?? 0);
    const { rows, seen } = await against((s, r) => setTimeout(() => answerOk(s, r), held(r.text)), {
      traffic: { lanes: { newWeight: 1, reuseWeight: 1, long } },
    });
    const longs = rows.filter((r) => r.lane === 'long' && !Number.isNaN(r.sentAt));
    expect(longs.length).toBeGreaterThan(4);
    for (const row of longs) {
      const ms = held(seen.find((s) => s.seq === row.seq)!.text);
      expect(ms).toBeGreaterThanOrEqual(30);
      expect(row.endedAt - row.sentAt).toBeGreaterThanOrEqual(ms - 1);
      expect(row).toMatchObject({ connectionUse: 1, status: 200 });
    }
  });

  it('cuts nothing at the stop that answers within its timeout', async () => {
    open = await peer((s, r) => setTimeout(() => answerOk(s, r), 150));
    const { rows, scheduled } = await runInProcess(
      { service: { url: `http://127.0.0.1:${open.port}/` }, maxDurationMs: 60_000 },
      { running: (generator) => setTimeout(() => generator.stop(), 300) },
    );
    expect(rows.length).toBe(scheduled);
    all(rows, { status: 200, error: null });
  });

  it('is not confused by 2,000 hostile identities', async () => {
    const { rows } = await against((s, r) => answerOk(s, r, OK.replace('s-1', `${r.seq}${'é'.repeat(300)}`)), {
      traffic: { ratePerSecond: 2500, timeoutMs: 3000 },
      maxDurationMs: 800,
    });
    expect(rows.length).toBe(2000);
    expect(new Set(rows.map((r) => r.target)).size).toBeLessThanOrEqual(1002);
    expect(Math.max(...rows.map((r) => r.target?.length ?? 0))).toBe(256);
  });
});

describe('embedded client behind a name', () => {
  it('uses every address of it, and follows it when the addresses change in the middle of a run', async () => {
    open = await peer(answerOk, undefined, '0.0.0.0');
    let asked = 0;
    const { rows } = await runInProcess(
      {
        service: { url: `http://service.test:${open.port}/` },
        traffic: { lanes: NEW, ratePerSecond: 100 },
        maxDurationMs: 1800,
      },
      {
        lookup: (host, done) => {
          expect(host).toBe('service.test');
          done(null, asked++ === 0 ? ['127.0.0.2', '127.0.0.3'] : ['127.0.0.4', '127.0.0.5', '127.0.0.6']);
        },
      },
    );
    all(rows, { status: 200, error: null });
    const ips = rows.filter((r) => r.error === null).map((r) => r.remoteIp);
    const changedAt = ips.indexOf(ips.find((ip) => ip! > '127.0.0.3')!);
    expect(new Set(ips.slice(0, changedAt))).toEqual(new Set(['127.0.0.2', '127.0.0.3']));
    expect(new Set(ips.slice(changedAt))).toEqual(new Set(['127.0.0.4', '127.0.0.5', '127.0.0.6']));
  });
});

describe('embedded client over TLS', () => {
  const ca = fixture('test-cert.pem');
  async function secured(changes: WorkloadChanges, given?: string) {
    open = await peer(answerOk, { key: fixture('test-key.pem'), cert: ca });
    const resolve = { 'service.test': [`127.0.0.1:${open.port}`], 'wrong.test': [`127.0.0.1:${open.port}`] };
    const url = changes.service?.url ?? `https://127.0.0.1:${open.port}/`;
    return runInProcess(
      {
        maxDurationMs: 400,
        ...changes,
        service: { url },
        traffic: { ratePerSecond: 100, resolve, ...changes.traffic },
      },
      given === undefined ? {} : { tls: { ca: given } },
    );
  }
  it('trusts a given CA, by name and by IP address', async () => {
    for (const url of ['https://service.test/', undefined]) {
      const { rows } = await secured(url === undefined ? {} : { service: { url } }, ca);
      all(rows, { status: 200, target: 's-1', error: null });
      expect(rows.some((r) => r.lane === 'reuse' && r.connectionUse > 1)).toBe(true);
      await open?.close();
    }
  });
  it('refuses an unknown CA and a wrong name, in phase tls', async () => {
    all((await secured({})).rows, {
      error: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      errorPhase: 'tls',
      status: 0,
      connectionUse: 1,
    });
    await open?.close();
    all((await secured({ service: { url: 'https://wrong.test/' } }, ca)).rows, {
      error: 'ERR_TLS_CERT_ALTNAME_INVALID',
      errorPhase: 'tls',
    });
  });
  it('goes on regardless when told to, or under the given server name', async () => {
    const tls = { caFile: null, serverName: null, insecure: true };
    all((await secured({ traffic: { tls } })).rows, { status: 200, error: null });
    await open?.close();
    const named = { ...tls, insecure: false, serverName: 'service.test' };
    all((await secured({ service: { url: 'https://wrong.test/' }, traffic: { tls: named } }, ca)).rows, {
      status: 200,
      error: null,
    });
  });
  it('shows a client certificate to a server that demands one, its key encrypted', async () => {
    const [key, cert] = [fixture('test-key.pem'), ca];
    const passphrase = 'hunter2';
    const encrypted = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
    const stranger = selfSignedCertificate(['stranger.test'], new Date());
    const demanding = async (tls: Partial<TlsMaterial>) => {
      open = await peer(answerOk, { key, cert, requestCert: true, rejectUnauthorized: true, ca: cert });
      const service = { url: `https://127.0.0.1:${open.port}/` };
      const run = await runInProcess(
        { maxDurationMs: 300, service, traffic: { ratePerSecond: 100 } },
        { tls: { ca, ...tls } },
      );
      const { seen } = open;
      await open.close();
      return { ...run, seen };
    };
    const shown = await demanding({ cert, key: encrypted.toString(), passphrase });
    all(shown.rows, { status: 200, error: null });
    expect(shown.rows.some((r) => r.connectionUse > 1)).toBe(true);
    for (const tls of [{}, { cert: stranger.certPem, key: stranger.keyPem }]) {
      const { rows, seen } = await demanding(tls);
      all(rows, { status: 0 });
      for (const { error } of rows)
        expect(error).toMatch(/^(ERR_SSL_|ECONNRESET|EPIPE|ROLLPROOF_DROPPED|ROLLPROOF_PEER_CLOSED)/);
      expect(seen).toEqual([]);
    }
  });
  it('records a peer that closes during the handshake', async () => {
    const { createServer } = await import('node:net');
    const server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const { rows } = await runInProcess({ service: { url: `https://127.0.0.1:${port}/` }, maxDurationMs: 300 });
    server.close();
    all(rows, { errorPhase: 'tls', status: 0, connectionUse: 1 });
    for (const row of rows) expect(['ROLLPROOF_PEER_CLOSED', 'ECONNRESET']).toContain(row.error);
  });
});
