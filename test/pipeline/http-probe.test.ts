import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Service } from '../../src/domain/scenario.js';
import { httpProbe } from '../../src/pipeline/probe/http-probe.js';
import { testScenario } from '../support/scenario.js';

const never = new AbortController().signal;
const { service, traffic } = testScenario();
const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** An application on this machine, and what it was asked. */
async function application(answer: RequestListener) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ready?deep=1`;
  return { target: { id: 'a', instance: 'i-a', url }, asked, server };
}
const ask = (target: { id: string; instance: string; url?: string }, over: Partial<Service> = {}, signal = never) =>
  httpProbe({ ...service, ...over }, traffic.tls).ask(target, signal);

describe('asking a target itself', () => {
  it('is not possible without its address', async () => {
    expect(await ask({ id: 'a', instance: 'i-a' })).toBeNull();
  });

  it('asks under the service’s name with its headers, one connection per question', async () => {
    const { target, asked } = await application((_, response) => response.setHeader('X-Version', 'v2').end('hello'));
    const answer = await ask(target, { headers: { authorization: 'Bearer t' } });
    expect(answer).toEqual({ ok: true, version: 'v2', said: 'it answers 200 with version v2' });
    expect(asked[0]).toMatchObject({
      url: '/ready?deep=1',
      headers: { host: 'lb.test', authorization: 'Bearer t', connection: 'close' },
    });
  });

  it.each([
    [503, 'v2', {}, { ok: false, version: 'v2', said: 'it answers 503 with version v2' }],
    [200, '', {}, { ok: true, version: null, said: 'it answers 200 with no version' }],
    [
      200,
      'v2',
      { ok: { status: [[200, 200]], bodyContains: 'ready' } },
      { ok: false, version: 'v2', said: 'it answers 200 with version v2, without the text that must be in the body' },
    ],
    [404, 'v2', { ok: { status: [[404, 404]], bodyContains: 'not re' } }, { ok: true, version: 'v2' }],
  ] as const)('takes for good what service.ok does: %i, version "%s"', async (status, version, over, expected) => {
    const { target } = await application((_, response) => {
      response.writeHead(status, version === '' ? {} : { 'X-Version': version }).end('not re' + 'ached');
    });
    expect(await ask(target, over as Partial<Service>)).toMatchObject(expected);
  });

  it('never rejects: refused, cut, or not HTTP at all', async () => {
    const gone = await application((_, response) => response.end());
    await new Promise((resolve) => gone.server.close(resolve));
    expect(await ask(gone.target)).toEqual({ ok: false, version: null, said: 'it does not answer (ECONNREFUSED)' });
    const cut = await application((request) => request.socket.destroy());
    expect(await ask(cut.target)).toMatchObject({ ok: false, said: 'it does not answer (ECONNRESET)' });
    const odd = await application((request) => request.socket.end('220 mail.example.com ESMTP\r\n'));
    expect(await ask(odd.target)).toMatchObject({ ok: false });
    const half = await application((request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => request.socket.destroy());
    });
    expect(await ask(half.target)).toMatchObject({ ok: false });
    expect(await ask(gone.target, { headers: { 'x-bad': 'a\nb' } })).toMatchObject({ ok: false });
  });

  it('gives up on one that says nothing, and on one that never ends, and at once when it is told to', async () => {
    const silent = await application(() => undefined);
    const endless = await application((_, response) => {
      response.writeHead(200, { 'X-Version': 'v2' });
      const drip = setInterval(() => response.write('.'), 100);
      response.on('close', () => clearInterval(drip));
    });
    const stop = new AbortController();
    const stopped = ask(silent.target, {}, stop.signal);
    stop.abort();
    expect(await stopped).toMatchObject({ ok: false });
    for (const answer of await Promise.all([ask(silent.target), ask(endless.target)]))
      expect(answer).toMatchObject({ ok: false, said: 'it did not answer within 5 s' });
  });
});
