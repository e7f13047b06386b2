import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { answering, closeAll, exchange, GET, ok, openClient, startBackend, until } from '../dataplane/support.js';
import { endAll, startNode } from './node.js';
import { haproxyOrSkip } from './tools.js';

const program = haproxyOrSkip();
const CAPACITY = '503 Service Unavailable: Back-end server is at capacity';
const DRAIN = { enabled: true, timeoutMs: 5_000 };
const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('rollproof-haproxy-'));
const before = new Set(folders());

afterEach(async () => {
  await endAll();
  await closeAll();
});

/** A target that answers when told to; every request waits. */
async function slowTarget() {
  const waiting: (() => void)[] = [];
  const target = await startBackend((socket, soFar) => {
    if (soFar.endsWith('\r\n\r\n')) waiting.push(() => socket.write(ok()));
  });
  return { ...target, waiting };
}

describe.skipIf(program === null)('a node on HAProxy', () => {
  it('without a target answers as a Classic balancer does, and keeps the connection', async () => {
    const { view } = await startNode(program!);
    const client = openClient(view.port);
    for (const times of [1, 2]) {
      client.send(GET);
      const text = await client.sees('an answer', (t) => t.split('\r\n\r\n').length === times + 1);
      expect(text.split(`HTTP/1.1 ${CAPACITY}\r\ncontent-length: 0\r\n`)).toHaveLength(times + 1);
    }
  });

  it('routes to a target once it is healthy, tells it who asked, and takes turns', async () => {
    const [a, b] = [await startBackend(answering(ok('a'))), await startBackend(answering(ok('b')))];
    const node = await startNode(program!);
    await node.addHealthy('i-1', a.port);
    await node.addHealthy('i-2', b.port);
    await node.answers('200 OK a');
    await node.answers('200 OK b');
    expect(node.changes).toEqual([
      ['i-1', 'healthy'],
      ['i-2', 'healthy'],
    ]);
    expect(a.received[0]!.toLowerCase()).toMatch(/x-forwarded-proto: http\r\n/);
    expect(a.received[0]!.toLowerCase()).toContain(`x-forwarded-port: ${node.view.port}\r\n`);
    expect(a.received[0]!.toLowerCase()).toContain('x-forwarded-for: 127.0.0.1\r\n');
    expect(node.fatal).toEqual([]);
  });

  it('does not route to a target that fails its checks', async () => {
    const sick = await startBackend(() => undefined);
    await sick.close();
    const node = await startNode(program!, {
      health: {
        kind: 'tcp',
        path: '/',
        intervalMs: 20,
        timeoutMs: 20,
        unhealthyThreshold: 2,
        healthyThreshold: 2,
        initialChecks: 1,
      },
    });
    node.add('i-1', sick.port);
    await until('it is unhealthy', () => node.view.health('i-1') === 'unhealthy');
    await node.answers(CAPACITY);
    expect(node.view.checkFailure('i-1')).toEqual({ kind: 'failed' });
    const back = await startBackend(answering(ok('back')), sick.port);
    await node.answers('200 OK back');
    expect(back.connections).toBeGreaterThan(0);
  });

  it('draining lets what is under way end and sends nothing new', async () => {
    const target = await slowTarget();
    const node = await startNode(program!);
    await node.addHealthy('i-1', target.port);
    const client = openClient(node.view.port);
    client.send(GET);
    await until('the request is there', () => target.waiting.length === 1);
    await until('it is counted', () => node.view.inFlight('i-1') === 1);
    let left = false;
    const leaving = node.view.remove('i-1', DRAIN).then(() => {
      left = true;
    });
    expect(node.view.health('i-1')).toBe('absent');
    await node.answers(CAPACITY);
    expect(left).toBe(false);
    target.waiting[0]!();
    await leaving;
    expect(await client.sees('its answer', (t) => t.includes('ok\n'))).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(node.view.inFlight('i-1')).toBe(0);
    expect(target.waiting).toHaveLength(1);
  });

  it.each([
    ['at the end of draining', { enabled: true, timeoutMs: 100 }],
    ['at once without draining', { enabled: false, timeoutMs: 5_000 }],
  ])('cuts what is under way %s, with 504', async (_when, drain) => {
    const target = await slowTarget();
    const node = await startNode(program!);
    await node.addHealthy('i-1', target.port);
    const answer = exchange(node.view.port, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    await until('the request is there', () => target.waiting.length === 1);
    await node.view.remove('i-1', drain);
    expect(await answer).toMatch(/^HTTP\/1\.1 504 GATEWAY_TIMEOUT\r\ncontent-length: 0\r\n/);
    expect(node.fatal).toEqual([]);
  });

  it('a target that comes back while draining keeps what is under way, and gets new requests', async () => {
    const target = await slowTarget();
    const node = await startNode(program!);
    await node.addHealthy('i-1', target.port);
    const client = openClient(node.view.port);
    client.send(GET);
    await until('the request is there', () => target.waiting.length === 1);
    const leaving = node.view.remove('i-1', { enabled: true, timeoutMs: 300 });
    await node.answers(CAPACITY);
    await node.addHealthy('i-1', target.port);
    await leaving;
    expect(node.view.health('i-1')).toBe('healthy');
    const second = openClient(node.view.port);
    second.send(GET);
    await until('the second request is there', () => target.waiting.length === 2);
    for (const answer of target.waiting) answer();
    await client.sees('its answer', (t) => t.startsWith('HTTP/1.1 200 OK'));
    await second.sees('its answer', (t) => t.startsWith('HTTP/1.1 200 OK'));
  });

  it('uses a slot again when its target is gone', async () => {
    const node = await startNode(program!, {}, 1);
    for (const name of ['first', 'second', 'third']) {
      const target = await startBackend(answering(ok(name)));
      await node.addHealthy(`i-${name}`, target.port);
      await node.answers(`200 OK ${name}`);
      await node.view.remove(`i-${name}`, DRAIN);
    }
    await node.answers(CAPACITY);
    node.add('i-1', 1);
    expect(() => node.add('i-2', 1)).toThrow('for 1 targets, and all are taken');
  });

  it.each([
    [0, 1],
    [2, 0],
  ])('with connectRetries %i shows %i of the refused connections', async (connectRetries, shown) => {
    const [alive, dead] = [await startBackend(answering(ok())), await startBackend(answering(ok()))];
    const node = await startNode(program!, { connectRetries });
    await node.addHealthy('i-1', alive.port);
    await node.addHealthy('i-2', dead.port);
    await dead.close();
    const statuses = new Set<number>();
    for (let request = 0; request < 12; request++) {
      statuses.add((await fetch(`http://127.0.0.1:${node.view.port}/`, { headers: { connection: 'close' } })).status);
    }
    expect([...statuses].filter((status) => status === 503)).toHaveLength(shown);
    expect([...statuses]).toContain(200);
  });

  it('a target that closes without an answer is a 504 at once, and the request is not sent again', async () => {
    const target = await startBackend((socket) => socket.destroy());
    const node = await startNode(program!, { connectRetries: 2 });
    await node.addHealthy('i-1', target.port);
    await node.answers('504 GATEWAY_TIMEOUT');
    expect(target.received).toHaveLength(1);
  });

  it('an Application balancer sends to all when none is healthy, and answers in its own words', async () => {
    const target = await startBackend(answering(ok('open')));
    const node = await startNode(program!, {
      flavour: 'alb',
      health: {
        kind: 'http',
        path: '/no',
        intervalMs: 20,
        timeoutMs: 20,
        unhealthyThreshold: 1,
        healthyThreshold: 2,
        initialChecks: 1,
        codes: [[299, 299]],
      },
    });
    await node.answers('503 Service Temporarily Unavailable <html>');
    const empty = await exchange(node.view.port, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    expect(empty).toMatch(/^server: awselb\/2\.0\r$/m);
    expect(empty).toMatch(/^date: .* GMT\r$/m);
    node.add('i-1', target.port);
    await until('it is unhealthy', () => node.view.health('i-1') === 'unhealthy');
    await node.answers('200 OK open');
    await target.close();
    await node.answers('502 Bad Gateway');
  });
});

describe.skipIf(program === null)("HAProxy's process", () => {
  it('a taken address is told as the system tells it', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = (server.address() as { port: number }).port;
    await expect(startNode(program!, { port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    server.close();
    await expect(startNode(program!, { host: '192.0.2.1' })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });

  it('that does not start is shown with what it said, and leaves nothing', async () => {
    await expect(startNode('/bin/cat')).rejects.toThrow(/HAProxy did not start: .*-d|HAProxy did not start: .*option/);
    await expect(startNode('/nonexistent/haproxy')).rejects.toThrow(/HAProxy did not start: .*\/nonexistent\/haproxy/);
    expect(folders().filter((name) => !before.has(name))).toEqual([]);
  });

  it('that ends by itself is told, and ends the lab', async () => {
    const { view, fatal } = await startNode(program!);
    process.kill(view.pid!, 'SIGKILL');
    await until('it was told', () => fatal.length > 0);
    expect(fatal[0]).toMatch(/HAProxy ended by itself|HAProxy's runtime API/);
  });

  it.skipIf(process.platform !== 'linux')('does not outlive a guard that was killed', async () => {
    const { view, fatal } = await startNode(program!);
    const guard = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${view.pid}/status`, 'utf8'))?.[1]);
    expect(readFileSync(`/proc/${guard}/cmdline`, 'utf8')).toContain('rollproof-haproxy');
    process.kill(guard, 'SIGKILL');
    await until('it was told', () => fatal.length > 0);
    await until('HAProxy is gone', () => !/^State:\s+[^Z]/m.test(statusOf(view.pid!)));
  });

  it('is gone when the node is closed, its folder too', async () => {
    const { view } = await startNode(program!);
    expect(existsSync(`/proc/${view.pid}`) || process.platform !== 'linux').toBe(true);
    await view.close();
    expect(() => process.kill(view.pid!, 0)).toThrow(/ESRCH/);
    expect(folders().filter((name) => !before.has(name))).toEqual([]);
  });

  it('serves plain http only, and says so', async () => {
    await expect(startNode(program!, { listener: 'tcp' })).rejects.toThrow('http listeners only, not tcp');
    await expect(startNode(program!, { flavour: 'nlb' })).rejects.toThrow('http listeners only, not tcp');
    await expect(startNode(program!, { accessLog: { file: '/tmp/x', balancer: 'x' } })).rejects.toThrow(
      'no access logs',
    );
  });
});

/** Empty when there is no such process. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch (gone) {
    void gone;
    return '';
  }
}
