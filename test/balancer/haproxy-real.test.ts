import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type HaproxyOptions, haproxyBalancer } from '../../src/balancer/haproxy.js';
import type { Balancer } from '../../src/domain/ports.js';
import { systemClock } from '../../src/lab/dataplane/node-clock.js';
import { CONFIG_FILE } from '../../src/lab/haproxy/config.js';
import { ownConfig } from '../../src/lab/haproxy/own.js';
import { startHaproxy } from '../../src/lab/haproxy/running.js';
import { freePort } from '../../src/lab/haproxy/start.js';
import { labSettings } from '../../src/lab/presets.js';
import { realClock } from '../../src/run/clock.js';
import { haproxyOrSkip } from '../lab/haproxy/tools.js';

const program = haproxyOrSkip();
const signal = new AbortController().signal;
const one = { id: 'one', instance: 'web-1' };
const two = { id: 'two', instance: 'web-2' };
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** An application that names itself; /hold waits until it is let go. `down` refuses everything. */
async function application(name: string) {
  const held: ServerResponse[] = [];
  const app = { port: 0, served: 0, healthy: true, held, close: () => undefined as unknown };
  const server: Server = createServer((request, response) => {
    if (request.url === '/health') return void response.writeHead(app.healthy ? 200 : 503).end();
    app.served++;
    response.setHeader('x-target', name);
    if (request.url === '/hold') held.push(response);
    else response.end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  app.port = (server.address() as AddressInfo).port;
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return app;
}

async function proxied(change: Partial<HaproxyOptions> = {}, edit: (config: string) => string = (text) => text) {
  const [a, b] = [await application('web-1'), await application('web-2')];
  const { knobs } = labSettings('lab-fast', { kind: 'haproxy', healthIntervalMs: 200, unhealthyThreshold: 5 });
  const port = await freePort('127.0.0.1', 0);
  const lines = [a, b].map((app, i) => ({ name: `web-${i + 1}`, host: '127.0.0.1', port: app.port, disabled: false }));
  const fatal: unknown[] = [];
  const start = () =>
    startHaproxy(new Map([[CONFIG_FILE, edit(ownConfig(lines, knobs, '127.0.0.1', port))]]), {
      program: program!,
      clock: systemClock,
      killProcess: (pid) => process.kill(pid, 'SIGKILL'),
      onFatal: (cause) => fatal.push(cause),
    });
  const running = await start();
  ends.push(() => running.stop());
  const balancer: Balancer = haproxyBalancer({
    socket: running.socket,
    backend: 'targets',
    drainTimeoutMs: 10_000,
    afterDrain: 'maint',
    checkIntervalMs: null,
    clock: realClock(process.hrtime.bigint()),
    ...change,
  });
  ends.push(() => balancer.close());
  const get = (path = '/') => fetch(`http://127.0.0.1:${port}${path}`);
  const stateOf = async (target: typeof one) => (await balancer.health([target], signal))[0]?.state;
  return { a, b, balancer, running, start, get, stateOf };
}

describe.skipIf(program === null)('the HAProxy driver on a real HAProxy', () => {
  it('keeps a request in flight through the drain, sends nothing new, and ends in maintenance', async () => {
    const { a, b, balancer, get, stateOf } = await proxied();
    const holds = Array.from({ length: 4 }, () => get('/hold'));
    await vi.waitUntil(() => a.held.length + b.held.length === 4, { timeout: 5_000 });
    expect(a.held.length).toBeGreaterThan(0);
    await balancer.detach(one, signal);
    const before = a.served;
    for (let i = 0; i < 6; i++) expect((await get()).headers.get('x-target')).toBe('web-2');
    expect(a.served).toBe(before);
    const [health] = await balancer.health([one], signal);
    expect(health).toMatchObject({ state: 'draining', registered: false });
    expect(health?.description).toBe(`HAProxy says DRAIN, ${a.held.length} in flight, 0 queued`);
    for (const response of [...a.held, ...b.held]) response.end('done');
    expect((await Promise.all(holds)).map((r) => r.status)).toEqual([200, 200, 200, 200]);
    await expect.poll(() => stateOf(one), { timeout: 5_000 }).toBe('unused');
    expect((await balancer.describe(signal)).outside).toEqual({ 'web-1': 'in maintenance (MAINT)' });
  });

  it('an attached target gets nothing before it has passed its checks, even out of maintenance', async () => {
    const { a, balancer, get, stateOf } = await proxied();
    await balancer.detach(one, signal);
    await expect.poll(() => stateOf(one), { timeout: 5_000 }).toBe('unused');
    a.healthy = false;
    const before = a.served;
    await balancer.attach(one, signal);
    for (let i = 0; i < 6; i++) await get();
    expect(a.served).toBe(before);
    expect(await stateOf(one)).toBe('unhealthy');
    a.healthy = true;
    await expect.poll(() => stateOf(one), { timeout: 5_000 }).toBe('healthy');
    await expect.poll(async () => (await get()).headers.get('x-target'), { timeout: 5_000 }).toBe('web-1');
    await balancer.attach(one, signal);
    expect(await stateOf(one)).toBe('healthy');
  });

  it('notices that it was restarted and has put back what was taken out', async () => {
    const { balancer, running, start, stateOf } = await proxied({ afterDrain: 'drain' });
    await balancer.detach(one, signal);
    await running.stop();
    await expect(balancer.health([one], signal)).rejects.toMatchObject({ code: 'BALANCER_UNREACHABLE' });
    const again = await start();
    ends.push(() => again.stop());
    mkdirSync(dirname(running.socket), { recursive: true });
    symlinkSync(again.socket, running.socket);
    ends.push(() => rmSync(dirname(running.socket), { recursive: true, force: true }));
    await expect(balancer.health([two], signal)).rejects.toMatchObject({
      code: 'BALANCER_REFUSED',
      message: expect.stringMatching(/started anew .* sends requests to one again/),
    });
    await balancer.attach(one, signal);
    expect(await stateOf(one)).toBe('healthy');
  });

  it('refuses a socket of a lower level before anything is touched', async () => {
    const { balancer } = await proxied({}, (config) => config.replace('level admin', 'level operator'));
    await expect(balancer.describe(signal)).rejects.toMatchObject({
      code: 'BALANCER_REFUSED',
      message: /level operator/,
    });
  });

  it('says which backend or server is not there', async () => {
    const { balancer, running } = await proxied();
    await expect(balancer.detach({ id: 'x', instance: 'web-9' }, signal)).rejects.toMatchObject({
      hint: expect.stringContaining('it has web-1, web-2'),
    });
    const wrong = haproxyBalancer({
      socket: running.socket,
      backend: 'nope',
      drainTimeoutMs: 1,
      afterDrain: 'maint',
      checkIntervalMs: null,
      clock: realClock(process.hrtime.bigint()),
    });
    await expect(wrong.describe(signal)).rejects.toMatchObject({ hint: 'check balancer.backend (nope)' });
  });
});
