import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { BodyFraming } from '../../../src/lab/dataplane/body-framing.js';
import { MALFORMED, NEED_MORE } from '../../../src/lab/dataplane/header-fields.js';
import { RequestHead } from '../../../src/lab/dataplane/request-head.js';
import { ResponseHead } from '../../../src/lab/dataplane/response-head.js';
import { BAD_BODIES, BAD_REQUESTS, CHUNKED } from './malformed.js';
import {
  CLB_400,
  CLB_405,
  CLB_408,
  closeAll,
  exchange,
  GET,
  ok,
  openClient,
  startBackend,
  startNode,
  until,
} from './support.js';

afterEach(closeAll);

/** What a head scanner says when fed one byte more at a time: the length at which it first decides, and how. */
function firstDecision(head: RequestHead | ResponseHead, bytes: Buffer): { at: number; result: number } {
  head.reset();
  for (let end = 1; end <= bytes.length; end++) {
    const result = head.scan(bytes, 0, end);
    if (result !== NEED_MORE) return { at: end, result };
  }
  return { at: bytes.length, result: NEED_MORE };
}

function atOnce(head: RequestHead | ResponseHead, bytes: Buffer): number {
  head.reset();
  return head.scan(bytes, 0, bytes.length);
}

describe('malformed requests', () => {
  test('each gets 400 and a closed connection, and the node serves on', async () => {
    const backend = await startBackend((socket) => void socket.write(ok()));
    const node = await startNode();
    await node.addHealthy('i-1', backend.port);
    for (const [what, bytes] of Object.entries(BAD_REQUESTS)) {
      expect(await exchange(node.view.port, bytes), what).toBe(CLB_400);
    }
    // None of them reached the backend.
    expect(backend.received).toEqual([]);
    const last = openClient(node.view.port);
    last.send(GET);
    await last.sees('an answer', (text) => text.endsWith('ok\n'));
  });

  test('a malformed chunked body gets 400, whether it came with the head or after it', async () => {
    const backend = await startBackend(() => undefined);
    const node = await startNode();
    await node.addHealthy('i-1', backend.port);
    for (const [what, bytes] of Object.entries(BAD_BODIES)) {
      expect(await exchange(node.view.port, CHUNKED + bytes), what).toBe(CLB_400);
      const seen = backend.received.length;
      const client = openClient(node.view.port);
      client.send(CHUNKED);
      await until('the head is at the backend', () => backend.received.length > seen);
      client.send(bytes);
      expect(await client.ended(), what).toBe(CLB_400);
      await until('nothing is outstanding', () => node.view.inFlight('i-1') === 0);
    }
  });

  test('a decision depends on the bytes alone, not on how they were cut', () => {
    const request = new RequestHead();
    for (const [what, text] of Object.entries(BAD_REQUESTS)) {
      const bytes = Buffer.from(text, 'latin1');
      if (bytes.length > 1_000) continue;
      expect(firstDecision(request, bytes).result, what).toBe(atOnce(request, bytes));
      expect(atOnce(request, bytes), what).toBe(MALFORMED);
    }
    for (const name of ['a line of 17 KiB', 'a field of 17 KiB', 'a head of 70 KiB']) {
      const bytes = Buffer.from(BAD_REQUESTS[name]!, 'latin1');
      expect(atOnce(request, bytes), name).toBe(MALFORMED);
    }
  });
});

const anyBytes = fc.uint8Array({ maxLength: 300 });
/** Bytes that look enough like HTTP to get past the first line. */
const nearHttp = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...Object.values(BAD_REQUESTS).filter((text) => text.length < 300),
        GET,
        CHUNKED,
        ok(),
        'HTTP/1.1 204 N\r\n\r\n',
      ),
      fc.constantFrom(
        '\r\n',
        '\r',
        '\n',
        ':',
        ' ',
        '\t',
        '\0',
        'GET ',
        '/',
        ' HTTP/1.1',
        'Host: a',
        'Content-Length: 3',
        '0',
        'a',
      ),
      fc.string({ maxLength: 6 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));

describe('scanners under random bytes', () => {
  test.each([
    ['requests', new RequestHead()],
    ['responses', new ResponseHead()],
  ])('%s: never throw, decide the same cut or whole, and once', (_name, head) => {
    fc.assert(
      fc.property(fc.oneof(anyBytes, nearHttp), (raw) => {
        const bytes = Buffer.from(raw);
        const whole = atOnce(head, bytes);
        expect(firstDecision(head, bytes).result).toBe(whole);
        // Scanning at another offset of another buffer makes no difference.
        head.reset();
        expect(head.scan(Buffer.concat([Buffer.from('junk'), bytes]), 4, 4 + bytes.length)).toBe(whole);
      }),
      { numRuns: 1_500 },
    );
  });

  test('chunked bodies: any split ends at the same byte with the same content', () => {
    const chunk = fc.record({
      data: fc.uint8Array({ minLength: 1, maxLength: 40 }),
      extension: fc.constantFrom('', ';a', ';a="b c"'),
    });
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 6 }),
        fc.constantFrom('', 'T: v\r\n'),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (chunks, trailer, sizes) => {
          const parts = chunks.map(({ data, extension }) =>
            Buffer.concat([Buffer.from(`${data.length.toString(16)}${extension}\r\n`), data, Buffer.from('\r\n')]),
          );
          const wire = Buffer.concat([...parts, Buffer.from(`0\r\n${trailer}\r\n`), Buffer.from('NEXT')]);
          const body = new BodyFraming();
          body.start('chunked');
          const content: Buffer[] = [];
          let at = 0;
          while (!body.done && !body.bad && at < wire.length) {
            const limit = Math.min(wire.length, at + sizes.next().value);
            const payload: number[] = [];
            at = body.advance(wire, at, limit, payload);
            for (let i = 0; i < payload.length; i += 2) content.push(wire.subarray(payload[i], payload[i + 1]));
          }
          expect(body.done).toBe(true);
          expect(wire.subarray(at).toString()).toBe('NEXT');
          expect(Buffer.concat(content)).toEqual(Buffer.concat(chunks.map(({ data }) => Buffer.from(data))));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a whole node', () => {
  const REQUEST =
    'POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n5;x=1\r\nhello\r\n0\r\nT: v\r\n\r\n';
  const RESPONSE =
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nKeep-Alive: timeout=5\r\n\r\n4\r\nbody\r\n0\r\n\r\n';
  const EXPECTED = RESPONSE.replace('Keep-Alive: timeout=5\r\n\r\n', 'Connection: keep-alive\r\n\r\n');

  /** Writes the parts one after another, each in a segment of its own as far as the kernel allows. */
  async function writeParts(write: (part: string) => void, parts: readonly string[]): Promise<void> {
    for (const part of parts) {
      write(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test('requests and responses split at every byte, and at random places, give the same result', async () => {
    let cut: number[] = [];
    const pieces = (text: string) => {
      const ends = [...new Set(cut.map((at) => at % text.length))].filter((at) => at > 0).sort((a, b) => a - b);
      return [0, ...ends].map((from, i) => text.slice(from, ends[i] ?? text.length));
    };
    const backend = await startBackend((socket, soFar) => {
      if (soFar.length > 0 && soFar.endsWith('T: v\r\n\r\n'))
        void writeParts((part) => socket.write(part), pieces(RESPONSE));
    });
    const node = await startNode();
    await node.addHealthy('i-1', backend.port);
    const sent = REQUEST.replace(
      'X-Forwarded-For: 1.2.3.4\r\n\r\n',
      `X-Forwarded-For: 1.2.3.4, 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: ${node.view.port}\r\n\r\n`,
    );
    const client = openClient(node.view.port);
    let done = 0;
    const once = async () => {
      await writeParts((part) => client.send(part), pieces(REQUEST));
      done++;
      const text = await client.sees(`answer ${done}`, (seen) => seen.length >= EXPECTED.length * done);
      expect(text.slice(EXPECTED.length * (done - 1))).toBe(EXPECTED);
    };
    for (let at = 0; at < REQUEST.length; at++) {
      cut = [at];
      await once();
    }
    cut = Array.from({ length: REQUEST.length }, (_, i) => i);
    await once();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(400), { maxLength: 12 }), async (places) => {
        cut = places;
        await once();
      }),
      { numRuns: 40 },
    );
    // One backend connection carried them all, so what the backend saw is their exact concatenation.
    expect(backend.received).toHaveLength(1);
    expect(backend.received[0]).toBe(sent.repeat(done));
  }, 30_000);

  test('random bytes from clients and backends never end the process: a 4xx or a close, then business as usual', async () => {
    let say: Buffer | null = null;
    const backend = await startBackend((socket) => {
      if (say === null) socket.write(ok());
      else socket.end(say);
    });
    const node = await startNode({ idleTimeoutMs: 300 });
    await node.addHealthy('i-1', backend.port);
    const refusals = [CLB_400, CLB_405, CLB_408, ''];
    await fc.assert(
      fc.asyncProperty(anyBytes, nearHttp, async (noise, answer) => {
        const client = openClient(node.view.port);
        client.socket.end(Buffer.from(noise));
        expect(refusals).toContain(await client.ended());
        say = answer;
        const asking = openClient(node.view.port);
        asking.send(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
        await asking.ended();
        say = null;
        const sane = openClient(node.view.port);
        sane.send(GET);
        await sane.sees('an answer', (text) => text.endsWith('ok\n'));
        sane.socket.destroy();
      }),
      { numRuns: 120 },
    );
    await until('nothing is outstanding', () => node.view.inFlight('i-1') === 0);
  }, 30_000);
});
