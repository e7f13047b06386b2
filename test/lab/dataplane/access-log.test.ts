import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { type AccessFacts, albLine, classicLine } from '../../../src/lab/dataplane/access-line.js';
import type { NodeViewOptions } from '../../../src/lab/dataplane/node-view.js';
import { answering, closeAll, exchange, GET, ok, openClient, startBackend, startNode, TCP_CHECK } from './support.js';

const dir = mkdtempSync(join(tmpdir(), 'rollproof-access-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
afterEach(closeAll);

const FACTS: AccessFacts = {
  listener: 'http',
  balancer: 'my-loadbalancer',
  arrivedAt: new Date('2015-05-13T23:39:43.945Z'),
  endedAt: new Date('2015-05-13T23:39:43.947Z'),
  client: '192.168.131.39:2817',
  target: '10.0.0.1:80',
  requestMs: 0.073,
  targetMs: 1.048,
  responseMs: 0.057,
  status: 200,
  targetStatus: 200,
  receivedHeadBytes: 34,
  receivedBodyBytes: 0,
  sentHeadBytes: 337,
  sentBodyBytes: 29,
  request: { method: 'GET', url: 'http://www.example.com:80/', version: 'HTTP/1.1' },
  userAgent: 'curl/7.38.0',
  cipher: null,
  protocol: null,
};

describe('the lines', () => {
  test('of a Classic ELB are those of its guide', () => {
    expect(classicLine(FACTS)).toBe(
      '2015-05-13T23:39:43.945000Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -',
    );
    const tcp = { ...FACTS, listener: 'tcp', request: null, receivedBodyBytes: 82, sentHeadBytes: 0, userAgent: '' };
    expect(classicLine({ ...tcp, listener: 'tcp', receivedHeadBytes: 0, sentBodyBytes: 305 })).toMatch(
      / 0\.000057 - - 82 305 "- - - " "-" - -$/,
    );
    const failed = { ...FACTS, responseMs: null, targetMs: null, requestMs: null, status: 504, targetStatus: null };
    expect(classicLine({ ...failed, sentBodyBytes: 0 })).toContain(' -1 -1 -1 504 0 0 0 "GET ');
    expect(classicLine({ ...failed, status: 503, target: null })).toContain(':2817 - -1 -1 -1 503 - 0 29 ');
  });

  test('of an ALB have all its fields, heads counted', () => {
    expect(albLine(FACTS)).toBe(
      'http 2015-05-13T23:39:43.947000Z app/my-loadbalancer/lab 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 34 366 ' +
        '"GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - - - "-" "-" "-" 0 2015-05-13T23:39:43.945000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"',
    );
  });

  test('hold nothing a client could end a field or a line with', () => {
    const url = 'http://a:80/"\n\x1b[31m\\\xff';
    const hostile = { ...FACTS, userAgent: 'a" 200 "\r\nforged', request: { method: 'GET', url, version: 'HTTP/1.1' } };
    for (const line of [classicLine(hostile), albLine(hostile)]) {
      expect(line).toMatch(/^[\x20-\x7e]+$/);
      expect(line).toContain(
        '"GET http://a:80/\\x22\\x0a\\x1b[31m\\x5c\\xff HTTP/1.1" "a\\x22 200 \\x22\\x0d\\x0aforged"',
      );
    }
  });
});

let files = 0;

/** The lines a node wrote while `talk` went on; the node is closed to have them all. */
async function linesOf(
  options: Partial<NodeViewOptions>,
  talk: (port: number, add: (port: number) => Promise<void>) => Promise<void>,
): Promise<string[]> {
  const file = join(dir, `${++files}.log`);
  const node = await startNode({ accessLog: { file, balancer: 'web' }, ...options });
  await talk(node.view.port, (port) => node.addHealthy('i-1', port));
  await node.view.close();
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

describe('what a node writes', () => {
  test('one line per request, kept alive or not, and one for what the load balancer answers itself', async () => {
    const backend = await startBackend(answering(ok('hello')));
    let clientPort = 0;
    const lines = await linesOf({}, async (port, add) => {
      expect(await exchange(port, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))).toContain(' 503 ');
      await add(backend.port);
      const client = openClient(port);
      client.send('POST /a?b=c HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: me "too"\r\nContent-Length: 3\r\n\r\nabc');
      await client.sees('an answer', (text) => text.endsWith('hello'));
      client.send(GET);
      await client.sees('a second', (text) => text.split('hello').length === 3);
      clientPort = client.socket.localPort ?? 0;
      await exchange(port, 'nonsense\r\n\r\n');
    });
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(
      /^\S+Z web 127\.0\.0\.1:\d+ - -1 -1 -1 503 - 0 0 "GET http:\/\/a\.example:\d+\/x HTTP\/1\.1" "-" - -$/,
    );
    expect(lines[1]).toMatch(
      new RegExp(
        `web 127\\.0\\.0\\.1:${clientPort} 127\\.0\\.0\\.1:${backend.port} 0\\.\\d{6} 0\\.\\d{6} 0\\.000000 200 200 3 5 ` +
          '"POST http://shop\\.example:\\d+/a\\?b=c HTTP/1\\.1" "me \\\\x22too\\\\x22" - -$',
      ),
    );
    expect(lines[2]).toMatch(/ 200 200 0 5 "GET /);
    expect(lines[3]).toMatch(/ - -1 -1 -1 400 - 0 0 "- - -" "-" - -$/);
  });

  test('-1 -1 -1 504 0 when the target closes; a truncated answer with what went out', async () => {
    const closing = await startBackend((socket) => void socket.end());
    const [gone] = await linesOf({}, async (port, add) => {
      await add(closing.port);
      await openThenSee(port, ' 504 ');
    });
    expect(gone).toMatch(new RegExp(`127\\.0\\.0\\.1:${closing.port} -1 -1 -1 504 0 0 0 `));
    const half = await startBackend((socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'));
    const [short] = await linesOf({}, async (port, add) => {
      await add(half.port);
      await openThenSee(port, 'abc');
    });
    expect(short).toMatch(/ 200 200 0 3 "GET /);
  });

  test('an ALB logs 460 for a client that did not wait', async () => {
    const backend = await startBackend(() => undefined);
    const [line] = await linesOf({ flavour: 'alb' }, async (port, add) => {
      await add(backend.port);
      const client = openClient(port);
      client.send(GET);
      await client.sees('nothing', () => backend.received.length === 1);
      client.socket.resetAndDestroy();
    });
    expect(line).toMatch(/^http \S+Z app\/web\/lab 127\.0\.0\.1:\d+ 127\.0\.0\.1:\d+ -1 -1 -1 460 - \d+ 0 "GET /);
  });

  test('a TCP listener logs connections, a Network Load Balancer nothing', async () => {
    const backend = await startBackend((socket) => void socket.end('pong!'));
    const talk = async (port: number, add: (port: number) => Promise<void>) => {
      await add(backend.port);
      await exchange(port, 'ping');
    };
    const [line] = await linesOf({ listener: 'tcp', health: TCP_CHECK }, talk);
    expect(line).toMatch(/ 0\.\d{6} 0\.\d{6} 0\.000000 - - 4 5 "- - - " "-" - -$/);
    const node = await startNode({ flavour: 'nlb', accessLog: { file: join(dir, 'none', 'x'), balancer: 'web' } });
    await node.view.close();
  });

  test('a file that cannot be written is told and costs no request', async () => {
    const faults: string[] = [];
    const node = await startNode({
      accessLog: { file: join(dir, 'missing', 'x.log'), balancer: 'web' },
      onFault: (cause) => faults.push(cause.message),
    });
    await openThenSee(node.view.port, ' 503 ');
    await node.view.close();
    expect(faults).toEqual([expect.stringContaining('ENOENT')]);
  });
});

async function openThenSee(port: number, what: string): Promise<void> {
  const client = openClient(port);
  client.send(GET);
  await client.sees(what, (text) => text.includes(what));
}
