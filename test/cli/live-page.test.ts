import { type IncomingMessage, request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type LivePage, startLivePage } from '../../src/cli/live-page.js';
import { pipelineOf } from '../../src/pipeline/compile.js';
import { initialLive } from '../../src/report/live/live-timeline.js';
import { HOSTILE_TEXT } from '../report/fixture-results.js';
import { sourceLiveAssets } from '../report/html/page-assets.js';
import { fakeClock } from '../support/fake-clock.js';
import { fakeIo } from '../support/fake-io.js';
import { testScenario } from '../support/scenario.js';

const assets = sourceLiveAssets();
const open: LivePage[] = [];
afterEach(() => {
  for (const page of open.splice(0)) page.end();
});

/** A page that listens; the address as it was told to the person. */
async function listening(title = 'checkout', token = 'secret') {
  const told: string[] = [];
  let ready: () => void = () => undefined;
  const said = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const stderr = {
    write: (text: string) => {
      told.push(text);
      ready();
    },
    isTty: false,
    columns: 80,
    rows: 24,
  };
  const { io } = fakeIo({ stderr, randomToken: () => token });
  const scenario = testScenario();
  const start = initialLive(
    title,
    pipelineOf(scenario, null),
    scenario.targets.map((t) => t.id),
    60_000,
  );
  const page = startLivePage(start, { assets, port: 0 }, fakeClock(), io);
  open.push(page);
  await said;
  const port = Number(/127\.0\.0\.1:(\d+)\//.exec(told.join(''))?.[1]);
  return { page, port, told: told.join('') };
}

function asked(port: number, path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<IncomingMessage>((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers, method }, resolve).on('error', reject).end();
  });
}

async function text(response: IncomingMessage): Promise<string> {
  let all = '';
  for await (const chunk of response) all += chunk;
  return all;
}

describe('the live page', () => {
  it('is told with its token and served with a policy of its own two blocks', async () => {
    const { port, told } = await listening();
    expect(told).toMatch(/^live: http:\/\/127\.0\.0\.1:\d+\/secret\/ /);
    const page = await asked(port, '/secret/');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^ ]+'; script-src 'sha256-[^ ]+'; connect-src 'self'.*frame-ancestors 'none'$/,
    );
    expect(await text(page)).toContain('checkout');
  });

  it.each([
    ['no token', '/', {}, 'GET', 404],
    ['a wrong token', '/secreT/', {}, 'GET', 404],
    ['a token cut short', '/secre/', {}, 'GET', 404],
    ['a way up', '/secret/../secret/events', {}, 'GET', 404],
    ['another name for this machine', '/secret/', { host: 'evil.test' }, 'GET', 421],
    ['a rebound name with the right port', '/secret/events', { host: 'evil.test:PORT' }, 'GET', 421],
    ['a page of another origin', '/secret/events', { origin: 'https://evil.test' }, 'GET', 403],
    ['a page of a sandbox', '/secret/events', { origin: 'null' }, 'GET', 403],
    [
      'a script of another site',
      '/secret/',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
      'GET',
      403,
    ],
    ['another method', '/secret/', {}, 'POST', 405],
  ])('refuses %s', async (_, path, headers, method, status) => {
    const { port } = await listening();
    const sent = Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, v.replace('PORT', String(port))]));
    const response = await asked(port, path, sent, method);
    expect(response.statusCode).toBe(status);
    expect(response.headers['access-control-allow-origin']).toBeUndefined();
    expect(await text(response)).not.toContain('<html');
  });

  it('streams what happens, line breaks and markup as text, and closes with the run', async () => {
    const { page, port } = await listening(`lb ${HOSTILE_TEXT}`);
    expect(await text(await asked(port, '/secret/'))).not.toMatch(/<img|onerror=pwned\(\)>/);
    const stream = await asked(port, '/secret/events');
    expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    const received = text(stream);
    page.event({ kind: 'step-intent', at: 5, stage: 'a-out', index: 0, step: { kind: 'sleep', ms: 5 } } as never);
    page.traffic({
      scheduled: 9,
      sent: 9,
      ok: 8,
      failed: 1,
      dropped: 0,
      inFlight: 0,
      latencyMsP99: 4,
      answeredBy: {},
      intervalMs: 1000,
    });
    page.end();
    const messages = (await received).trimEnd().split('\n\n');
    for (const message of messages) expect(message).toMatch(/^event: (all|state|point|ended)\ndata: [^\n]*$/);
    const states = messages.filter((m) => m.startsWith('event: state'));
    expect(JSON.parse(states.at(-1)?.split('\ndata: ')[1] ?? '').totals).toMatchObject({ sent: 9, failed: 1 });
    expect(messages.at(-1)).toBe('event: ended\ndata: null');
  });

  it('lets at most eight pages listen', async () => {
    const { port } = await listening();
    const codes: (number | undefined)[] = [];
    for (let i = 0; i < 9; i++) codes.push((await asked(port, '/secret/events')).statusCode);
    expect(codes).toEqual([200, 200, 200, 200, 200, 200, 200, 200, 503]);
  });

  it('costs the run nothing but a warning when the port is taken', async () => {
    const { port } = await listening();
    const written: string[] = [];
    const stderr = { write: (t: string) => void written.push(t), isTty: false, columns: 80, rows: 24 };
    const { io } = fakeIo({ stderr });
    const page = startLivePage(initialLive('x', { stages: [] } as never, [], null), { assets, port }, fakeClock(), io);
    open.push(page);
    await expect.poll(() => written.join('')).toMatch(/^warning: no live page: .*EADDRINUSE/);
    page.event({ kind: 'warning', at: 1, message: 'x' });
  });
});
