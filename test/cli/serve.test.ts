import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoopbackServer, startLoopback } from '../../src/cli/loopback-server.js';
import { main } from '../../src/cli/program.js';
import { runsBelow } from '../../src/cli/run-files.js';
import { runsHandler } from '../../src/cli/serve.js';
import type { RunResult } from '../../src/domain/result.js';
import { renderJson } from '../../src/report/json.js';
import { failResult, HOSTILE_TEXT, passResult, poisoned } from '../report/fixture-results.js';
import { tagsOf } from '../report/html/skeleton.js';
import { fakeIo } from '../support/fake-io.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-serve-'));
const root = join(folder, 'reports');
const HOSTILE_NAME = `"><script>pwned()<\\script>'&\u202e`;
let server: LoopbackServer;

function made(path: readonly string[], result: RunResult | string | null): string {
  const dir = join(root, ...path);
  mkdirSync(join(dir, 'derived'), { recursive: true });
  writeFileSync(join(dir, 'events.ndjson'), '');
  if (result !== null)
    writeFileSync(join(dir, 'derived/result.json'), typeof result === 'string' ? result : renderJson(result));
  writeFileSync(join(dir, 'derived/report.html'), `<p>page of ${path[0]}</p>`);
  return dir;
}

beforeAll(async () => {
  made(['checkout', '20261122T081503Z'], passResult());
  made(['checkout', '20261122T091503Z'], failResult());
  made([HOSTILE_NAME, 'x y'], poisoned(failResult(), HOSTILE_TEXT));
  made(['broken', 'cut'], '{"schema": "rollproof.res');
  made(['broken', 'lies'], JSON.stringify({ schema: 'rollproof.result/1', verdict: { kind: 'PASS' }, run: 7 }));
  made(['killed', 'now'], null);
  symlinkSync(join(root, 'checkout'), join(root, 'latest'));
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  const leak = made(['escape', 'e'], passResult());
  rmSync(join(leak, 'derived/report.html'));
  symlinkSync(join(folder, 'secret.txt'), join(leak, 'derived/report.html'));
  server = await startLoopback(runsHandler(root), { port: 0, holdsProcess: false });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function got(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path, headers, method }, resolve).on('error', reject).end();
  });
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

describe('serve', () => {
  it('finds each run once and follows no link', () => {
    expect(
      runsBelow(root)
        .map((p) => p.join('/'))
        .sort(),
    ).toEqual(
      [
        'broken/cut',
        'broken/lies',
        'checkout/20261122T081503Z',
        'checkout/20261122T091503Z',
        'escape/e',
        'killed/now',
        `${HOSTILE_NAME}/x y`,
      ].sort(),
    );
  });

  it('lists runs with verdict and trend, and says which have no result', async () => {
    const { status, text, headers } = await got('/');
    expect(status).toBe(200);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(text).toContain('href="/runs/checkout/20261122T091503Z/report.html"');
    expect(text).toContain('189 of 5,927');
    expect(text.match(/no readable result here/g)).toHaveLength(3);
    expect(text).toContain('2 PASS, 1 FAIL');
  });

  it('makes nothing of hostile names and results but text', async () => {
    const { text } = await got('/');
    const tags = tagsOf(text);
    expect(tags.filter((t) => t.name === 'script' || t.name === 'img')).toEqual([]);
    expect(tags.flatMap((t) => [...t.attributes.keys()]).filter((n) => n.startsWith('on'))).toEqual([]);
    const hrefs = tags.flatMap((t) =>
      t.name === 'a' ? [(t.attributes.get('href') ?? '').replaceAll('&#39;', "'")] : [],
    );
    for (const href of hrefs) expect(href).toMatch(/^\/runs\/[\w%.!~*()'-]+\/[\w%.-]+\/report\.html$/);
    expect(text).not.toContain('\u202e');
    const hostile = hrefs.find((h) => h.includes('script'));
    expect(await got(hostile ?? '')).toMatchObject({ status: 200, text: expect.stringContaining('page of') });
  });

  it('serves a report jailed in an origin of its own, and its files as plain text', async () => {
    const page = await got('/runs/checkout/20261122T081503Z/report.html');
    expect(page.status).toBe(200);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toMatch(/^sandbox allow-scripts /);
    expect(policy).not.toContain('allow-same-origin');
    expect((await got('/runs/checkout/20261122T081503Z/result.json')).headers).toMatchObject({
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
    });
  });

  it.each([
    '/runs/../secret.txt',
    '/runs/%2e%2e/secret.txt',
    '/runs/checkout/20261122T081503Z/../../../../secret.txt',
    '/runs/checkout/20261122T081503Z/..%2f..%2f..%2f..%2fsecret.txt',
    '/runs/checkout/20261122T081503Z/events.ndjson',
    '/runs/checkout/20261122T081503Z/__proto__',
    '/runs/checkout/20261122T081503Z/constructor',
    '/runs/checkout/20261122T081503Z/charts',
    '/runs/checkout/20261122T081503Z/',
    '/runs/checkout%2f20261122T081503Z/report.html',
    '/runs/latest/20261122T081503Z/report.html',
    '/runs/escape/e/report.html',
    '/runs//report.html',
    '/runs/%00/report.html',
    '/runs/%/report.html',
    '//etc/passwd',
    '/etc/passwd',
  ])('has nothing at %s', async (path) => {
    const { status, text } = await got(path);
    expect(status).toBe(404);
    expect(text).toBe('nothing is here\n');
  });

  it('answers to loopback names only, and only to GET and HEAD', async () => {
    expect((await got('/', { host: 'evil.test' })).status).toBe(421);
    expect((await got('/', { host: `localhost:${server.port}` })).status).toBe(200);
    expect((await got('/', { origin: 'https://evil.test' })).status).toBe(403);
    expect((await got('/', {}, 'DELETE')).status).toBe(405);
    expect(await got('/', {}, 'HEAD')).toMatchObject({ status: 200, text: '' });
  });

  it('shows a run that was made since', async () => {
    const dir = made(['checkout', '20261122T101503Z'], failResult());
    expect((await got('/')).text).toContain('20261122T101503Z/report.html');
    writeFileSync(join(dir, 'derived/result.json'), renderJson(passResult()));
    utimesSync(join(dir, 'derived/result.json'), 9, 9);
    expect((await got('/')).text).toContain('3 PASS, 1 FAIL');
    rmSync(dir, { recursive: true });
  });

  it('listens until a signal, and says where', async () => {
    let stop: () => void = () => undefined;
    const fake = fakeIo({
      cwd: folder,
      onSignal: (handler) => {
        stop = () => handler('SIGINT');
        return () => undefined;
      },
    });
    const ended = main(['serve', 'reports'], fake.io);
    await expect.poll(() => fake.out()).toMatch(/^serving reports on http:\/\/127\.0\.0\.1:\d+\/ /);
    stop();
    expect(await ended).toBe(0);
    expect(await main(['serve', 'no-such'], fake.io)).toBe(64);
    expect(await main(['serve', 'reports', '--port', String(server.port)], fake.io)).toBe(64);
    expect(await main(['serve', 'reports', '--port', '99999'], fake.io)).toBe(64);
  });
});
