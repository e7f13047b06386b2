import { request } from 'node:http';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { read } from './responses.js';

const name = fc.constantFrom('X-Target', 'x-version', 'X-Other', 'Server', 'Date', 'Set-Cookie');
const value = fc.string({ unit: fc.constantFrom('a', 'B', '7', ' ', ',', ';', '=', '"', '-', '\xe9'), maxLength: 12 });
const body = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '0', '\xff'), maxLength: 60 });

/** Well-formed responses in every framing. */
const responses = fc
  .record({
    minor: fc.constantFrom(0, 1),
    status: fc.constantFrom(100, 200, 204, 299, 304, 404, 503, 999),
    reason: fc.constantFrom('', ' ', ' OK', ' Service Unavailable: Back-end server is at capacity'),
    headers: fc.array(fc.tuple(name, value), { maxLength: 5 }),
    framing: fc.constantFrom('length', 'chunked', 'close'),
    body,
    cuts: fc.array(fc.nat(60), { maxLength: 3 }),
    trailers: fc.array(fc.tuple(name, value), { maxLength: 2 }),
    interim: fc.boolean(),
  })
  .map((r) => {
    const bodyless = r.status < 200 || r.status === 204 || r.status === 304;
    const lines = r.headers.map(([n, v]) => `${n}: ${v}`);
    if (r.framing === 'length') lines.push(`Content-Length: ${r.body.length}`);
    if (r.framing === 'chunked') lines.push('Transfer-Encoding: chunked');
    let text = r.body;
    if (r.framing === 'chunked') {
      const cuts = [...new Set([0, ...r.cuts.filter((c) => c < r.body.length), r.body.length])].sort((a, b) => a - b);
      text = cuts
        .slice(1)
        .map((c, i) => `${(c - cuts[i]!).toString(16)}\r\n${r.body.slice(cuts[i], c)}\r\n`)
        .join('');
      text += `0\r\n${r.trailers.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n`;
    }
    const interim = r.interim ? 'HTTP/1.1 100 Continue\r\n\r\n' : '';
    return `${interim}HTTP/1.${r.minor} ${r.status}${r.reason}\r\n${lines.join('\r\n')}${lines.length > 0 ? '\r\n' : ''}\r\n${bodyless ? '' : text}`;
  });

/** One or two bytes changed, dropped or doubled. */
const damaged = fc
  .tuple(
    responses,
    fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('set', 'drop', 'double')), { maxLength: 2 }),
  )
  .map(([text, edits]) =>
    edits.reduce((t, [at, byte, how]) => {
      const i = at % t.length;
      const with_ = how === 'set' ? String.fromCharCode(byte) : how === 'drop' ? '' : t[i]! + t[i]!;
      return t.slice(0, i) + with_ + t.slice(i + 1);
    }, text),
  );

function pieces(text: string, cuts: readonly number[]): string[] {
  const at = [...new Set([0, ...cuts.map((c) => c % (text.length + 1)), text.length])].sort((a, b) => a - b);
  return at.slice(1).map((end, i) => text.slice(at[i], end));
}

/** Node's own parser on the same bytes: null when it refuses them or finds them incomplete. */
function oracle(
  text: string,
  method = 'GET',
): Promise<{ status: number; reason: string | undefined; bytes: number; target: string | null } | null> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read() {},
      write(_chunk, _encoding, done) {
        done();
        setImmediate(() => {
          this.push(Buffer.from(text, 'latin1'));
          this.push(null);
        });
      },
    });
    const req = request({ createConnection: () => wire as never, method, path: '/', host: 'x', setHost: false });
    req.on('error', () => resolve(null));
    req.on('upgrade', () => resolve(null));
    req.on('response', (res) => {
      let bytes = 0;
      res.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      res.on('error', () => resolve(null));
      res.on('close', () => resolve(null));
      res.on('end', () => {
        const i = res.rawHeaders.findIndex(
          (n, at) => at % 2 === 0 && n.toLowerCase() === 'x-target' && res.rawHeaders[at + 1] !== '',
        );
        resolve({
          status: res.statusCode!,
          reason: res.statusMessage,
          bytes,
          target: i < 0 ? null : res.rawHeaders[i + 1]!,
        });
      });
    });
    req.end();
  });
}

describe('ResponseReader under fuzz', () => {
  it('comes to the same end wherever the bytes are split', () => {
    fc.assert(
      fc.property(damaged, fc.array(fc.nat(), { maxLength: 6 }), (text, cuts) => {
        const whole = read([text], { eof: true });
        expect(read(pieces(text, cuts), { eof: true })).toEqual(whole);
        expect(read([...text], { eof: true })).toEqual(whole);
      }),
      { numRuns: 400 },
    );
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (chunks) => {
        expect(['head', 'body', 'done', 'failed']).toContain(
          read(
            chunks.map((c) => Buffer.from(c)),
            { eof: true },
          ).state,
        );
      }),
      { numRuns: 500 },
    );
  });

  it("reads what Node's parser reads, on everything both accept", async () => {
    let both = 0;
    await fc.assert(
      fc.asyncProperty(damaged, async (text) => {
        const theirs = await oracle(text);
        const ours = read([text], { eof: true });
        if (theirs === null || ours.state !== 'done') return;
        both++;
        expect({ status: ours.status, reason: ours.reason ?? '', bytes: ours.bytes, target: ours.target }).toEqual({
          ...theirs,
          reason: theirs.reason?.trimEnd(),
        });
      }),
      { numRuns: 600 },
    );
    expect(both).toBeGreaterThan(100);
  });

  it("agrees with Node's parser about answers to HEAD, which have no body whatever they announce", async () => {
    let both = 0;
    await fc.assert(
      fc.asyncProperty(responses, async (text) => {
        const head = text.slice(0, text.lastIndexOf('\r\n\r\n') + 4);
        const theirs = await oracle(head, 'HEAD');
        const ours = read([head], { eof: true, headOnly: true });
        if (theirs === null || ours.state !== 'done') return;
        both++;
        expect({ status: ours.status, bytes: ours.bytes, target: ours.target }).toMatchObject({
          status: theirs.status,
          bytes: 0,
          target: theirs.target,
        });
        expect(theirs.bytes).toBe(0);
      }),
      { numRuns: 200 },
    );
    expect(both).toBeGreaterThan(50);
  });

  it("accepts every well-formed response that Node's parser accepts", async () => {
    await fc.assert(
      fc.asyncProperty(responses, async (text) => {
        if ((await oracle(text)) !== null) expect(read([text], { eof: true }).state).toBe('done');
      }),
      { numRuns: 300 },
    );
  });
});
