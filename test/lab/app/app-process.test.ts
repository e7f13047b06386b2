import { type ChildProcess, fork } from 'node:child_process';
import { get, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

const ENTRY = fileURLToPath(new URL('../../../dist/lab/app/process.js', import.meta.url));
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Notice {
  kind: string;
  port?: number;
  message?: string;
  monotonicNs: string;
}

const BASE = {
  target: 'server-1',
  version: 'v2',
  bootId: 'boot-7',
  host: '127.0.0.1',
  port: 0,
  startupDelayMs: 0,
  readyLagMs: 0,
  healthLies: false,
  keepAliveMs: 5_000,
  headersTimeoutMs: 0,
  graceMs: 0,
  ignoreSigterm: false,
  stopKeepsIdle: false,
  latencyMs: 0,
  errorRate: 0,
  versionHeader: 'X-Version',
  broken: false,
  crashAfterMs: 0,
  seed: 1,
};

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`timed out waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Starts the application; resolves at the first notice unless told not to wait. */
async function start(config: Partial<typeof BASE>, awaited = 'ready') {
  const notices: Notice[] = [];
  const exit: { code: number | null; signal: string | null; at: number }[] = [];
  const child = fork(ENTRY, [], {
    env: { ROLLPROOF_LAB_APP: JSON.stringify({ ...BASE, ...config }) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  children.push(child);
  child.on('message', (message) => notices.push(message as Notice));
  child.on('exit', (code, signal) => exit.push({ code, signal, at: performance.now() }));
  const heard = (kind: string) => notices.find((notice) => notice.kind === kind);
  if (awaited !== '') await until(`it is ${awaited}`, () => heard(awaited) !== undefined);
  return { child, notices, exit, heard, port: heard('listening')?.port ?? 0 };
}

interface Answer {
  status: number;
  body: string;
  headers: IncomingHttpHeaders;
}

function ask(port: number, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

/** A request that takes 20 s, known to be in the application's hands. */
async function holdOne(port: number): Promise<{ outcome: Promise<string> }> {
  const outcome = ask(port, '/hold?ms=20000', { 'x-rollproof-run': 'held', 'x-rollproof-seq': '1' }).then(
    () => 'answered',
    (error: NodeJS.ErrnoException) => String(error.code),
  );
  while (!(await ask(port, '/audit')).body.includes('held')) await new Promise((resolve) => setTimeout(resolve, 5));
  return { outcome };
}

const seen = ({ status, body }: Answer) => [status, body];

describe('a healthy application', () => {
  test('tells its version in the header it is told to, or in none', async () => {
    const named = await ask((await start({ versionHeader: 'X-Build' })).port, '/');
    expect([named.headers['x-build'], named.headers['x-version']]).toEqual(['v2', undefined]);
    const silent = await ask((await start({ versionHeader: 'none' })).port, '/');
    expect(Object.values(silent.headers)).not.toContain('v2');
    expect(silent.headers['x-target']).toBe('server-1');
  });

  test('answers 408 to a connection without a request when headersTimeoutMs is set, and waits for ever when not', async () => {
    const opened = async (headersTimeoutMs: number) => {
      let text = '';
      const { port } = await start({ headersTimeoutMs });
      const socket = connect(port, '127.0.0.1');
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
      });
      socket.on('error', () => undefined);
      return { socket, text: () => text };
    };
    const patient = await opened(0);
    const hasty = await opened(100);
    await until('it was refused', () => hasty.socket.destroyed);
    expect(hasty.text()).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(patient.socket.destroyed).toBe(false);
    patient.socket.destroy();
  });

  test('says who it is on every answer, a malformed request included', async () => {
    const { port, notices } = await start({});
    for (const path of ['/', '/any/thing?x=1', '/health', '/hold?ms=1', '/audit']) {
      const { status, headers } = await ask(port, path);
      expect(status).toBe(200);
      expect([headers['x-target'], headers['x-version'], headers['x-boot-id']]).toEqual(['server-1', 'v2', 'boot-7']);
    }
    expect(seen(await ask(port, '/'))).toEqual([200, 'ok\n']);
    expect(seen(await ask(port, '/health'))).toEqual([200, 'ok']);
    expect(notices.map(({ kind }) => kind)).toEqual(['listening', 'ready']);
    expect(BigInt(notices[0]!.monotonicNs)).toBeLessThanOrEqual(BigInt(notices[1]!.monotonicNs));
    const raw = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('nonsense\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
    });
    expect(raw).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nX-Target: server-1\r\nX-Version: v2\r\nX-Boot-Id: boot-7\r\n/);
  });

  test('holds a request as long as asked, and adds its latency', async () => {
    const { port } = await start({ latencyMs: 40 });
    const timed = async (path: string) => {
      const from = performance.now();
      await ask(port, path);
      return performance.now() - from;
    };
    expect(await timed('/hold?ms=150')).toBeGreaterThanOrEqual(188);
    expect(await timed('/')).toBeGreaterThanOrEqual(38);
  });

  test('closes idle connections after keepAliveMs', async () => {
    const { port } = await start({ keepAliveMs: 120 });
    const from = performance.now();
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
      socket.resume();
      socket.on('close', () => resolve());
    });
    const idleMs = performance.now() - from;
    expect(idleMs).toBeGreaterThanOrEqual(110);
    // Node itself would add a second.
    expect(idleMs).toBeLessThan(1_000);
  });
});

describe('an application in trouble', () => {
  test('waits before it listens, then is not ready for a while', async () => {
    const from = performance.now();
    const { port, heard } = await start({ startupDelayMs: 150, readyLagMs: 400 }, 'listening');
    expect(performance.now() - from).toBeGreaterThanOrEqual(150);
    const early = await ask(port, '/');
    expect(early.status).toBe(503);
    expect(early.headers['x-target']).toBe('server-1');
    expect((await ask(port, '/health')).status).toBe(503);
    await until('it is ready', () => heard('ready') !== undefined);
    expect(seen(await ask(port, '/'))).toEqual([200, 'ok\n']);
    const lagMs = Number(BigInt(heard('ready')!.monotonicNs) - BigInt(heard('listening')!.monotonicNs)) / 1e6;
    expect(lagMs).toBeGreaterThanOrEqual(395);
  });

  test('may lie about its health before it is ready', async () => {
    const { port } = await start({ readyLagMs: 60_000, healthLies: true }, 'listening');
    expect(seen(await ask(port, '/health'))).toEqual([200, 'ok']);
    expect((await ask(port, '/')).status).toBe(503);
  });

  test('broken: never healthy, 500 elsewhere, lies or not', async () => {
    const { port } = await start({ broken: true, healthLies: true });
    expect((await ask(port, '/health')).status).toBe(503);
    expect((await ask(port, '/')).status).toBe(500);
  });

  test('broken with crashAfterMs: listens, then its process ends', async () => {
    const { port, exit } = await start({ broken: true, crashAfterMs: 150 }, 'listening');
    await until('it has crashed', () => exit.length === 1);
    expect(exit[0]?.code).toBe(1);
    await expect(ask(port, '/')).rejects.toThrow(/ECONNREFUSED/);
  });

  test('fails the configured share of requests, the same ones for the same seed', async () => {
    const statuses = async (seed: number) => {
      const { port } = await start({ errorRate: 0.3, seed });
      const all: number[] = [];
      for (let i = 0; i < 100; i++) all.push((await ask(port, '/')).status);
      expect((await ask(port, '/health')).status).toBe(200);
      return all;
    };
    const first = await statuses(11);
    expect(await statuses(11)).toEqual(first);
    expect(await statuses(12)).not.toEqual(first);
    const failed = first.filter((status) => status === 500).length;
    expect(failed).toBeGreaterThan(15);
    expect(failed).toBeLessThan(45);
  });

  test('says what is wrong with its configuration or port, and exits with 1', async () => {
    const bad = await start({ version: 'line\nbreak', errorRate: 2 }, 'failed');
    expect(bad.heard('failed')?.message).toMatch(/version must be .*errorRate must be/);
    await until('it has exited', () => bad.exit.length === 1);
    expect(bad.exit[0]?.code).toBe(1);
    const first = await start({});
    const second = await start({ port: first.port }, 'failed');
    expect(second.heard('failed')?.message).toContain('EADDRINUSE');
  });
});

describe('SIGTERM', () => {
  test('with graceMs 0 cuts everything at once', async () => {
    const { child, port, exit, heard } = await start({});
    const { outcome } = await holdOne(port);
    child.kill('SIGTERM');
    expect(await outcome).toBe('ECONNRESET');
    await until('it has exited', () => exit.length === 1);
    expect(exit[0]).toMatchObject({ code: 0, signal: null });
    expect(heard('closed')).toBeDefined();
  });

  test('with grace refuses new connections, finishes the request under way, closes idle ones, exits', async () => {
    const { child, port, exit, heard } = await start({ graceMs: 10_000 });
    let idleClosed = false;
    const idle = connect(port, '127.0.0.1', () => idle.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
    idle.resume();
    idle.on('close', () => {
      idleClosed = true;
    });
    const held = ask(port, '/hold?ms=400', { connection: 'keep-alive' });
    await ask(port, '/');
    child.kill('SIGTERM');
    await until('the listener is closed', () => heard('closed') !== undefined);
    await expect(ask(port, '/')).rejects.toThrow(/ECONNREFUSED/);
    await until('the idle connection is closed', () => idleClosed);
    expect(exit).toHaveLength(0);
    const answer = await held;
    expect(seen(answer)).toEqual([200, 'ok\n']);
    expect(answer.headers.connection).toBe('close');
    await until('it has exited', () => exit.length === 1);
    expect(exit[0]?.code).toBe(0);
  });

  test('with stopKeepsIdle waits for idle connections until the grace is over', async () => {
    const { child, port, exit } = await start({ graceMs: 300, stopKeepsIdle: true });
    const idle = connect(port, '127.0.0.1', () => idle.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
    await new Promise((resolve) => idle.once('data', resolve));
    idle.on('error', () => undefined).resume();
    const from = performance.now();
    child.kill('SIGTERM');
    await until('it has exited', () => exit.length === 1);
    expect(exit[0]!.at - from).toBeGreaterThanOrEqual(295);
  });

  test('cuts what is left when the grace is over', async () => {
    const { child, port, exit } = await start({ graceMs: 150 });
    const { outcome } = await holdOne(port);
    const from = performance.now();
    child.kill('SIGTERM');
    expect(await outcome).toBe('ECONNRESET');
    await until('it has exited', () => exit.length === 1);
    expect(exit[0]!.at - from).toBeGreaterThanOrEqual(145);
  });

  test('can be ignored; losing the parent cannot', async () => {
    const { child, port, exit } = await start({ ignoreSigterm: true });
    child.kill('SIGTERM');
    expect((await ask(port, '/')).status).toBe(200);
    expect(exit).toHaveLength(0);
    child.disconnect();
    await until('it has exited', () => exit.length === 1);
  });
});

test('the audit tells repeated requests, and is not to be had through a load balancer', async () => {
  const { port } = await start({});
  for (const seq of ['0', '1', '2', '1', '70000', 'x', '99999999']) {
    await ask(port, '/', { 'x-rollproof-run': 'run-a', 'x-rollproof-seq': seq });
  }
  await ask(port, '/', { 'x-rollproof-run': 'run-b', 'x-rollproof-seq': '1' });
  await ask(port, '/');
  expect(JSON.parse((await ask(port, '/audit')).body)).toEqual({
    runs: {
      'run-a': { count: 7, distinct: 4, duplicates: 1, untracked: 2 },
      'run-b': { count: 1, distinct: 1, duplicates: 0, untracked: 0 },
    },
  });
  expect((await ask(port, '/audit', { 'x-forwarded-for': '10.0.0.1' })).status).toBe(403);
});
