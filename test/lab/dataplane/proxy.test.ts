import { afterEach, describe, expect, test } from 'vitest';
import {
  answering,
  CLB_504,
  closeAll,
  exchange,
  GET,
  ok,
  openClient,
  refusedPort,
  startBackend,
  startNode,
  TCP_CHECK,
  until,
} from './support.js';

afterEach(closeAll);

async function oneBackend(response = ok()) {
  const backend = await startBackend(answering(response));
  const node = await startNode();
  await node.addHealthy('i-1', backend.port);
  return { backend, node, port: node.view.port };
}

describe('what the backend is sent', () => {
  test('the head as it came, without hop-by-hop lines, with the X-Forwarded lines', async () => {
    const { backend, port } = await oneBackend();
    await exchange(
      port,
      'GET /a?b HTTP/1.1\r\nHost: a\r\nConnection: close, X-Private\r\nX-Private: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n' +
        'X-Forwarded-For: 10.0.0.1\r\nUpgrade: h2c\r\nX-Forwarded-Proto: https\r\nX-Kept:  two  words \r\nx-forwarded-for: 10.0.0.2\r\n\r\n',
    );
    expect(backend.received[0]).toBe(
      `GET /a?b HTTP/1.1\r\nHost: a\r\nX-Kept:  two  words \r\nX-Forwarded-For: 10.0.0.1, 10.0.0.2, 127.0.0.1\r\n` +
        `X-Forwarded-Proto: http\r\nX-Forwarded-Port: ${port}\r\n\r\n`,
    );
  });

  test('Connection cannot name away Host, the framing or the X-Forwarded lines', async () => {
    const { backend, port } = await oneBackend();
    const client = openClient(port);
    client.send(
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: host, content-length, x-forwarded-for\r\nContent-Length: 2\r\n\r\nhi',
    );
    await until('the body is there', () => backend.received[0]?.endsWith('\r\n\r\nhi') ?? false);
    expect(backend.received[0]).toMatch(/Host: a\r\nContent-Length: 2\r\nX-Forwarded-For: 127/);
  });

  test('HTTP/1.1 also for an HTTP/1.0 client, with a Host', async () => {
    const { backend, port } = await oneBackend();
    expect(await exchange(port, 'GET / HTTP/1.0\r\n\r\n')).toBe(
      ok().replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'),
    );
    expect(backend.received[0]).toMatch(new RegExp(`^GET / HTTP/1\\.1\\r\\nHost: 127\\.0\\.0\\.1:${port}\\r\\nX-Forw`));
  });

  test('no Expect: the load balancer answers 100 by itself, before the body', async () => {
    const backend = await startBackend((socket, soFar) => soFar.endsWith('hello') && socket.write(ok()));
    const node = await startNode();
    await node.addHealthy('i-1', backend.port);
    const client = openClient(node.view.port);
    client.send('PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n');
    await client.sees('100', (text) => text === 'HTTP/1.1 100 Continue\r\n\r\n');
    client.send('hello');
    await client.sees('the answer', (text) => text.endsWith('ok\n'));
    expect(backend.received[0]).not.toMatch(/expect/i);
  });
});

describe('what the client gets', () => {
  test('HTTP/1.0 keep-alive, and a chunked response as a plain body that ends with the connection', async () => {
    const chunked =
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: r\r\n\r\n';
    const { port } = await oneBackend(chunked);
    expect(await exchange(port, 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')).toBe(
      'HTTP/1.1 200 OK\r\nX-A: b\r\nConnection: close\r\n\r\nabcde',
    );
    const plain = await oneBackend();
    const client = openClient(plain.port);
    for (let i = 1; i <= 2; i++) {
      client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
      await client.sees('an answer', (text) => text.split('Connection: keep-alive').length === i + 1);
    }
  });

  test('no body for HEAD, 204 and 304, and the connection stays in step', async () => {
    const head = await oneBackend('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n');
    const client = openClient(head.port);
    client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2));
    await client.sees('two heads', (text) => text.split('Content-Length: 99').length === 3);
    const empty = await oneBackend('HTTP/1.1 204 No Content\r\n\r\n');
    const second = openClient(empty.port);
    second.send(GET + GET);
    await second.sees('two 204s', (text) => text.split('204').length === 3);
    expect(empty.backend.connections - 1).toBe(1);
  });

  test('interim responses but no 100 of the backend, nothing of a 103 for HTTP/1.0', async () => {
    const interim = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${ok()}`;
    const { port } = await oneBackend(interim);
    const modern = await exchange(port, GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    expect(modern.startsWith('HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK')).toBe(true);
    expect((await exchange(port, 'GET / HTTP/1.0\r\n\r\n')).startsWith('HTTP/1.1 200 OK')).toBe(true);
  });

  test('pipelined requests are answered in their order', async () => {
    let n = 0;
    const backend = await startBackend((socket) => {
      const body = String(n++);
      setTimeout(() => socket.write(ok(body)), 20 - 5 * n);
    });
    const node = await startNode();
    await node.addHealthy('i-1', backend.port);
    const client = openClient(node.view.port);
    client.send(GET.repeat(4));
    const text = await client.sees('four answers', (seen) => seen.split('HTTP/1.1').length === 5);
    expect(text.match(/\r\n\r\n\d/g)?.map((body) => body.at(-1))).toEqual(['0', '1', '2', '3']);
  });

  test('a half-closed client still gets its answer', async () => {
    const { port } = await oneBackend();
    const client = openClient(port);
    client.socket.end(GET);
    expect(await client.ended()).toContain('ok\n');
  });

  test('a response that overtakes the request body ends the connection, whole', async () => {
    const backend = await startBackend((socket) => void socket.write(ok('too big')));
    const node = await startNode();
    await node.addHealthy('i-1', backend.port);
    const text = await exchange(node.view.port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc');
    expect(text).toBe('HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\ntoo big');
  });
});

describe('backend connections', () => {
  test('are kept and used again; one the backend closes is dropped at once', async () => {
    const { backend, port } = await oneBackend();
    const checks = backend.connections;
    const client = openClient(port);
    for (let i = 1; i <= 5; i++) {
      client.send(GET);
      await client.sees('an answer', (text) => text.split('ok\n').length === i + 1);
    }
    expect(backend.connections).toBe(checks + 1);
    for (const socket of backend.sockets) socket.end();
    await until('it is gone', () => backend.sockets.size === 0);
    client.send(GET);
    await client.sees('a sixth answer', (text) => text.split('ok\n').length === 7);
    expect(backend.connections).toBe(checks + 2);
  });

  test('with unasked bytes on them never answer the next request', async () => {
    const { backend, port } = await oneBackend();
    const client = openClient(port);
    client.send(GET);
    await client.sees('an answer', (text) => text.endsWith('ok\n'));
    for (const socket of backend.sockets) socket.write(ok('stray'));
    await until('it is dropped', () => backend.sockets.size === 0);
    client.send(GET);
    const text = await client.sees('two answers', (seen) => seen.split('ok\n').length === 3);
    expect(text).not.toContain('stray');
  });

  test('are not used again when a response came with bytes behind it', async () => {
    const { backend, port } = await oneBackend(ok() + ok('smuggled'));
    const checks = backend.connections;
    const client = openClient(port);
    for (let i = 1; i <= 3; i++) {
      client.send(GET);
      await client.sees('an answer', (text) => text.split('ok\n').length === i + 1);
    }
    expect(client.text()).not.toContain('smuggled');
    expect(backend.connections).toBe(checks + 3);
  });

  test('keep-alive race: a pooled one that dies under the request gives 504 and is not tried again', async () => {
    let answered = 0;
    const backend = await startBackend((socket) => {
      if (answered++ === 0) socket.write(ok());
      else socket.resetAndDestroy();
    });
    const node = await startNode();
    await node.addHealthy('i-1', backend.port);
    const client = openClient(node.view.port);
    client.send(GET);
    await client.sees('an answer', (text) => text.endsWith('ok\n'));
    client.send(GET);
    await client.sees('a 504', (text) => text.endsWith(CLB_504));
    expect(answered).toBe(2);
  });

  test('that are refused are tried at the other backends, and nothing fails', async () => {
    const alive = await startBackend(answering(ok('survivor')));
    const node = await startNode({ health: TCP_CHECK });
    await node.addHealthy('i-2', alive.port);
    const dying = await startBackend(answering(ok('dying')));
    await node.addHealthy('i-1', dying.port);
    await dying.close();
    const client = openClient(node.view.port);
    for (let i = 1; i <= 6; i++) {
      client.send(GET);
      await client.sees('an answer', (text) => text.split('survivor').length === i + 1);
    }
    expect(client.text()).not.toMatch(/50[0-9]/);
    expect(node.view.inFlight('i-1')).toBe(0);
  });

  test('are opened in advance by a Classic ELB and opened again when the backend closes them', async () => {
    const backend = await startBackend(answering(ok()));
    const node = await startNode({ preopen: 2, health: TCP_CHECK });
    await node.addHealthy('i-1', backend.port);
    await until('two are open', () => backend.sockets.size === 2);
    expect(backend.received).toEqual([]);
    for (const socket of backend.sockets) socket.end();
    await until('they are gone', () => backend.sockets.size === 0);
    await until('two are open again', () => backend.sockets.size === 2);
  });

  test('of a client that leaves are closed, and the request counts no more', async () => {
    const backend = await startBackend(() => undefined);
    const node = await startNode();
    await node.addHealthy('i-1', backend.port);
    const client = openClient(node.view.port);
    client.send(GET);
    await until('the request is there', () => node.view.inFlight('i-1') === 1 && backend.received.length === 1);
    client.socket.resetAndDestroy();
    await until('it counts no more', () => node.view.inFlight('i-1') === 0);
    await until('the backend sees the end', () => backend.sockets.size === 0);
  });
});

describe('choosing a backend', () => {
  test('takes turns when all are equal, and avoids the one with requests outstanding', async () => {
    const seen = [0, 0];
    const held: (() => void)[] = [];
    const start = (index: number) =>
      startBackend((socket, soFar) => {
        seen[index]!++;
        if (soFar.includes('/slow')) held.push(() => socket.write(ok()));
        else socket.write(ok());
      });
    const [a, b] = [await start(0), await start(1)];
    const node = await startNode();
    await node.addHealthy('i-1', a.port);
    await node.addHealthy('i-2', b.port);
    const client = openClient(node.view.port);
    const ask = async (count: number) => {
      const before = client.text().split('ok\n').length;
      for (let i = 0; i < count; i++) {
        client.send(GET);
        await client.sees('an answer', (text) => text.split('ok\n').length === before + i + 1);
      }
    };
    await ask(10);
    expect(seen).toEqual([5, 5]);
    const slow = openClient(node.view.port);
    slow.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await until('the slow one is there', () => held.length === 1);
    const busy = seen[0] === 6 ? 0 : 1;
    await ask(8);
    expect(seen[busy]).toBe(6);
    expect(seen[1 - busy]).toBe(13);
    held[0]!();
  });
});

test('a port that is taken rejects, and close resolves with clients connected', async () => {
  const node = await startNode();
  await expect(startNode({ port: node.view.port })).rejects.toThrow(/EADDRINUSE/);
  const client = openClient(node.view.port);
  client.send(GET);
  await client.sees('something', (text) => text.length > 0);
  node.view.add({ instanceId: 'i-1', host: '127.0.0.1', port: await refusedPort() });
  await node.view.close();
  await client.ended();
});
