import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MarkChannel, openMarkChannel } from '../../src/cli/mark-channel.js';
import { main } from '../../src/cli/program.js';
import { marksIn } from '../../src/pipeline/deployers/marks.js';
import { fakeIo } from '../support/fake-io.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-mark-'));
const targets = [
  { id: 'web-1', instance: 'i-1' },
  { id: 'web-2', instance: 'i-2' },
];
let channel: MarkChannel;
beforeAll(async () => {
  channel = await openMarkChannel(
    folder,
    targets,
    fakeIo({ randomToken: () => 'f'.repeat(32), monotonicNs: () => 7n }).io,
  );
});
afterAll(async () => {
  await channel.close();
  rmSync(folder, { recursive: true, force: true });
});
const address = () => new URL(channel.env.ROLLPROOF_MARK_URL ?? '');

/** The status of one request, with whatever is wrong with it. */
function asked(options: { path?: string; method?: string; headers?: Record<string, string>; body?: string }) {
  const url = address();
  const { path = url.pathname, method = 'POST', headers = {}, body = '{"what":"detached","target":"i-2"}' } = options;
  return new Promise<number>((resolve) => {
    const sent = request({ host: url.hostname, port: url.port, path, method, headers, agent: false }, (reply) => {
      reply.resume();
      resolve(reply.statusCode ?? 0);
    });
    sent.on('error', () => resolve(0));
    sent.end(body);
  });
}
const marks = () => marksIn(channel.read(), 0n, targets).events;
async function mark(argv: readonly string[], env: Record<string, string>) {
  const fake = fakeIo({ env, monotonicNs: () => 5_000_000n, wallTime: () => new Date('2026-11-22T08:15:04Z') });
  return { code: await main(['mark', ...argv], fake.io), err: fake.err() };
}

describe('the address for marks', () => {
  it('takes a mark with its token, stamps it, and knows a target by both its names', async () => {
    expect(await asked({})).toBe(200);
    expect(marks().at(-1)).toMatchObject({ kind: 'balancer-mark', what: 'detached', target: 'web-2', at: 7e-6 });
  });

  it.each([
    ['another token', { path: `/${'e'.repeat(32)}` }, 404],
    ['no token', { path: '/' }, 404],
    ['a name bound to this machine by somebody else', { headers: { host: 'evil.example' } }, 421],
    ['a page of another site', { headers: { origin: 'https://evil.example' } }, 403],
    ['a question', { method: 'GET' }, 405],
    ['a body that never ends', { body: `{"what":"${'x'.repeat(100_000)}"}` }, 413],
    ['what is no mark', { body: '{"what":"exploded","target":"web-1"}' }, 400],
    ['a stranger', { body: '{"what":"down","target":"web-9"}' }, 400],
    ['a time that is none', { body: '{"what":"down","target":"web-1","monotonicNs":"-1"}' }, 400],
    ['null', { body: 'null' }, 400],
  ])('refuses %s', async (_, options, status) => {
    const before = marks().length;
    expect([status, 0]).toContain(await asked(options));
    expect(marks()).toHaveLength(before);
  });
});

describe('rollproof mark', () => {
  it('leaves a mark at the address, by the clock both share', async () => {
    expect(await mark(['detach-requested', 'web-1'], { ...channel.env })).toEqual({ code: 0, err: '' });
    expect(marks().at(-1)).toMatchObject({ what: 'detach-requested', target: 'web-1', at: 5 });
  });

  it('carries a wall time over, takes the target from the environment, and falls back to the file', async () => {
    const file = channel.env.ROLLPROOF_MARK_FILE ?? '';
    const env = { ROLLPROOF_MARK_URL: 'http://127.0.0.1:9/x', ROLLPROOF_MARK_FILE: file, ROLLPROOF_TARGET: 'web-1' };
    expect((await mark(['down', '--at', '2026-11-22T08:15:03.999Z'], env)).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('"what":"down"');
    expect(marks().at(-1)).toMatchObject({ kind: 'app-observed', what: 'down', target: 'web-1', at: 4 });
  });

  it('outside a run says so and lets the script go on', async () => {
    expect(await mark(['down', 'web-1'], {})).toMatchObject({
      code: 0,
      err: expect.stringContaining('no run is listening'),
    });
  });

  it.each([
    [['exploded', 'web-1'], {}, 64, /the kinds are detach-requested/],
    [['down'], {}, 64, /which target/],
    [['down', 'web-1', '--at', 'yesterday'], {}, 64, /not a time/],
    [['down', 'web-1'], { ROLLPROOF_MARK_URL: 'http://127.0.0.1:9/x' }, 69, /could not be left/],
  ])('%j with %j ends with %i and says why', async (argv, env, code, words) => {
    const end = await mark(argv, env);
    expect(end.err).toMatch(words);
    expect(end.code).toBe(code);
  });

  it('of a target the run does not have is refused by the run', async () => {
    const end = await mark(['down', 'web-9'], { ...channel.env });
    expect(end).toMatchObject({ code: 64, err: expect.stringContaining('web-1, web-2') });
  });
});

describe('a command behind run', () => {
  const lab = new URL('../../scenarios/lab.yaml', import.meta.url).pathname;
  it.each([
    [['run', lab, './deploy.sh'], /behind two dashes/],
    [['run', lab, '--'], /no command behind/],
    [['run', lab, '--attach-left'], /no command behind/],
    [['run', lab, '--deploy-timeout', 'soon', '--', 'x'], /not a duration/],
    [['run', lab, '--watch-every', '1ms', '--', 'x'], /too short/],
    [['watch', lab, '--until-idle', 'x'], /not a duration/],
  ])('%j is refused with 64', async (argv, words) => {
    const fake = fakeIo({ cwd: folder });
    expect(await main(argv, fake.io)).toBe(64);
    expect(fake.err()).toMatch(words);
  });
});
