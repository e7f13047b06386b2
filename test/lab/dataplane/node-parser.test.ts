import { createServer, METHODS, request } from 'node:http';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BodyFraming } from '../../../src/lab/dataplane/body-framing.js';
import { MALFORMED, NEED_MORE } from '../../../src/lab/dataplane/header-fields.js';
import { RequestHead } from '../../../src/lab/dataplane/request-head.js';
import { ResponseHead } from '../../../src/lab/dataplane/response-head.js';
import { BAD_REQUESTS } from './malformed.js';

// Request smuggling is two parsers that see different messages in the same bytes. The other parser is Node's (llhttp),
// which is also what the lab's applications run: whatever we let through, it must see the same requests in it.

interface Message {
  readonly start: string;
  readonly body: string;
}

/** The requests our scanners see in the bytes, and what the load balancer would send on; null = refused. */
function ours(bytes: Buffer): { readonly messages: Message[]; readonly forwarded: Buffer } | null {
  const head = new RequestHead();
  const body = new BodyFraming();
  const messages: Message[] = [];
  const forwarded: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    head.reset();
    const length = head.scan(bytes, at, bytes.length);
    if (length === MALFORMED) return null;
    if (length === NEED_MORE) break;
    const text = head.forwardText(bytes.subarray(at), 0, 'X-Forwarded-For: 127.0.0.1\r\n\r\n', 'fallback');
    const { fields } = head;
    body.start(fields.chunked ? 'chunked' : fields.contentLength > 0 ? 'length' : 'none', fields.contentLength);
    const payload: number[] = [];
    const end = body.advance(bytes, at + length, bytes.length, payload);
    if (body.bad) return null;
    if (!body.done) break;
    let content = '';
    for (let i = 0; i < payload.length; i += 2) content += bytes.toString('latin1', payload[i], payload[i + 1]);
    messages.push({
      start: `${head.method} ${text.slice(head.method.length + 1, text.indexOf(' HTTP/1.1'))}`,
      body: content,
    });
    forwarded.push(Buffer.from(text, 'latin1'), bytes.subarray(at + length, end));
    at = end;
    if (!head.keepAlive) break;
  }
  return { messages, forwarded: Buffer.concat(forwarded) };
}

/** A connection made of given bytes; what is written to it goes nowhere. */
function connectionOf(bytes: Buffer): Duplex {
  const duplex = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  duplex.push(bytes);
  return duplex;
}

/** The whole requests Node's server sees in the bytes, and whether it refused something. */
async function nodes(bytes: Buffer): Promise<{ readonly messages: Message[]; readonly refused: boolean }> {
  const messages: Message[] = [];
  let refused = false;
  const server = createServer({ keepAliveTimeout: 0 }, (incoming, response) => {
    let body = '';
    incoming.setEncoding('latin1').on('data', (chunk: string) => {
      body += chunk;
    });
    incoming.on('end', () => messages.push({ start: `${incoming.method} ${incoming.url}`, body }));
    incoming.on('error', () => undefined);
    response.end();
  });
  server.on('clientError', () => {
    refused = true;
  });
  const connection = connectionOf(bytes);
  server.emit('connection', connection);
  // Everything is in memory: a few turns of the loop see it through.
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setImmediate(resolve));
  connection.destroy();
  return { messages, refused };
}

const fieldLine = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('X: y', 'Accept: */*', 'User-Agent: a b', 'X-Forwarded-For: 1.2.3.4', 'Cookie: a=b; c'),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'Content-Length: 3',
      'Content-Length: 0',
      'Content-Length: 03',
      'content-length:3 ',
      'Content-Length: 3, 3',
      'Content-Length: +3',
      'Transfer-Encoding: chunked',
      'transfer-encoding:\tchunked',
      'Transfer-Encoding: Chunked',
      'Transfer-Encoding: identity',
      'Transfer-Encoding: chunked, identity',
      'Transfer-Encoding: gzip, chunked',
      'Transfer-Encoding : chunked',
      'Transfer-Encoding: xchunked',
      ' Transfer-Encoding: chunked',
      'Transfer-Encoding:\x0bchunked',
      'X: y\nContent-Length: 3',
      'X: y\rTransfer-Encoding: chunked',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'Connection: close',
      'Connection: Content-Length',
      'Connection: x',
      'Connection: keep-alive',
    ),
  },
);
const bodyBytes = fc.constantFrom(
  '',
  'abc',
  '3\r\nabc\r\n0\r\n\r\n',
  '0\r\n\r\n',
  '3;x=y\r\nabc\r\n0\r\nT: v\r\n\r\n',
  '3\r\nabcX\r\n0\r\n\r\n',
  '3\nabc\n0\n\n',
  '0x3\r\nabc\r\n0\r\n\r\n',
  '3 \r\nabc\r\n0\r\n\r\n',
  '3\r\nabc0\r\n\r\n',
  '-3\r\nabc\r\n0\r\n\r\n',
  '00000003\r\nabc\r\n00\r\n\r\n',
);
const lineEnd = fc.oneof(
  { weight: 12, arbitrary: fc.constant('\r\n') },
  { weight: 1, arbitrary: fc.constantFrom('\n', '\r', '\r\r\n', ' \r\n') },
);
/** Requests with a body that is what its framing line says. */
const soundRequest = fc
  .record({
    method: fc.constantFrom('GET', 'POST'),
    framed: fc.constantFrom<readonly [string, string]>(
      ['Content-Length: 3', 'abc'],
      ['content-length:3 ', 'G/\n'],
      ['Transfer-Encoding: chunked', '3\r\nabc\r\n0\r\n\r\n'],
      ['transfer-encoding:\tChunked', '3;x=y\r\nabc\r\n5\r\n\r\n0\r\n\r\n0\r\nT: v\r\n\r\n'],
      ['X-Forwarded-For: 1.2.3.4', ''],
    ),
  })
  .map(({ method, framed: [line, body] }) => `${method} /s HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n${body}`);
const anyRequest = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'),
    target: fc.constantFrom('/', '/a?b', '/%20', 'http://h/x', '*', '/a#b', '/\xe9'),
    version: fc.oneof(
      { weight: 9, arbitrary: fc.constant('HTTP/1.1') },
      { weight: 1, arbitrary: fc.constantFrom('HTTP/1.0', 'HTTP/1.2', 'http/1.1', 'HTTP/11') },
    ),
    lines: fc.array(fc.tuple(fieldLine, lineEnd), { maxLength: 5 }),
    body: bodyBytes,
  })
  .map(({ method, target, version, lines, body }) => {
    const fields = lines.map(([text, end]) => `${text}${end}`).join('');
    return `${method} ${target} ${version}\r\nHost: a\r\n${fields}\r\n${body}`;
  });

test('whatever is let through, Node sees the same requests in it, as it came and as it is sent on', async () => {
  let accepted = 0;
  let withBody = 0;
  const streams = fc
    .array(fc.oneof(soundRequest, anyRequest), { minLength: 1, maxLength: 3 })
    .map((parts) => Buffer.from(parts.join(''), 'latin1'));
  await fc.assert(
    fc.asyncProperty(streams, async (bytes) => {
      const seen = ours(bytes);
      // Node refuses methods it has not heard of; a load balancer carries them.
      if (seen === null || seen.messages.some(({ start }) => !METHODS.includes(start.split(' ', 1)[0]!))) return;
      const sentOn = await nodes(seen.forwarded);
      expect(sentOn.refused).toBe(false);
      expect(sentOn.messages).toEqual(seen.messages);
      const asItCame = await nodes(bytes);
      if (!asItCame.refused && asItCame.messages.length === seen.messages.length) {
        expect(asItCame.messages).toEqual(seen.messages);
      }
      accepted += seen.messages.length;
      withBody += seen.messages.filter(({ body }) => body !== '').length;
    }),
    { numRuns: 1_500 },
  );
  // The property must not hold for want of messages.
  expect(accepted).toBeGreaterThan(300);
  expect(withBody).toBeGreaterThan(50);
}, 60_000);

test('what is malformed is refused whole, however it begins', () => {
  for (const [what, text] of Object.entries(BAD_REQUESTS)) {
    const bytes = Buffer.from(text, 'latin1');
    const seen = ours(bytes);
    expect(seen === null || seen.messages.length === 0, what).toBe(true);
  }
});

/** What our scanners make of a response: status and content; null = refused or not whole. */
function ourResponse(bytes: Buffer): { readonly status: number; readonly body: string } | null {
  const head = new ResponseHead();
  const length = head.scan(bytes, 0, bytes.length);
  if (length < 0 || head.status < 200) return null;
  const { fields, status } = head;
  const body = new BodyFraming();
  if (status === 204 || status === 304) body.start('none');
  else if (fields.chunked) body.start('chunked');
  else if (fields.contentLength >= 0) body.start('length', fields.contentLength);
  else body.start('close');
  const payload: number[] = [];
  body.advance(bytes, length, bytes.length, payload);
  if (body.bad || (!body.done && body.kind !== 'close')) return null;
  let content = '';
  for (let i = 0; i < payload.length; i += 2) content += bytes.toString('latin1', payload[i], payload[i + 1]);
  return { status, body: content };
}

/** What Node's client makes of it; null = an error, or not whole. */
function nodeResponse(bytes: Buffer): Promise<{ readonly status: number; readonly body: string } | null> {
  return new Promise((resolve) => {
    const connection = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const asking = request({
      createConnection: () => connection as never,
      path: '/',
      headers: { Connection: 'close' },
    });
    asking.on('error', () => resolve(null));
    asking.on('response', (incoming) => {
      let body = '';
      incoming.setEncoding('latin1').on('data', (chunk: string) => {
        body += chunk;
      });
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body }));
      incoming.on('error', () => resolve(null));
    });
    asking.end();
    setImmediate(() => {
      connection.push(bytes);
      connection.push(null);
    });
  });
}

test('a response both accept has the same status and content', async () => {
  const responses = fc
    .record({
      status: fc.constantFrom('200 OK', '404 Not Found', '204 N', '304 N', '200', '500 \xe9', '2000 X', '099 X'),
      lines: fc.array(fc.tuple(fieldLine, lineEnd), { maxLength: 4 }),
      body: bodyBytes,
    })
    .map(({ status, lines, body }) => {
      const fields = lines.map(([text, end]) => `${text}${end}`).join('');
      return Buffer.from(`HTTP/1.1 ${status}\r\n${fields}\r\n${body}`, 'latin1');
    });
  let both = 0;
  await fc.assert(
    fc.asyncProperty(responses, async (bytes) => {
      const mine = ourResponse(bytes);
      if (mine === null) return;
      const theirs = await nodeResponse(bytes);
      if (theirs === null) return;
      both++;
      expect(theirs).toEqual(mine);
    }),
    { numRuns: 1_500 },
  );
  expect(both).toBeGreaterThan(200);
}, 60_000);
