import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { read } from './responses.js';

const head = (...lines: string[]) => `${['HTTP/1.1 200 OK', ...lines].join('\r\n')}\r\n\r\n`;

describe('ResponseReader: heads', () => {
  it('reads status, reason, server and identity headers whatever their case', () => {
    expect(
      read([`${head('CONTENT-LENGTH: 2', 'Server: awselb/2.0', 'x-TARGET:  s-1 ', 'X-Version: 2', 'X-Boot: b7')}ok`]),
    ).toEqual({
      state: 'done',
      status: 200,
      reason: 'OK',
      server: 'awselb/2.0',
      target: 's-1',
      version: '2',
      bootId: 'b7',
      bytes: 2,
      bodyOk: 2,
      keepAlive: true,
      left: 0,
    });
  });
  it('takes a missing reason, a bare LF, an empty header and the first of a repeated identity', () => {
    expect(read(['HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n'])).toMatchObject({
      state: 'done',
      status: 503,
      reason: null,
    });
    expect(read(['HTTP/1.1 200 OK\nContent-Length: 1\nX-Target: a\n\nx'])).toMatchObject({
      state: 'done',
      target: 'a',
      bytes: 1,
    });
    expect(read([head('Content-Length: 0', 'X-Target: a', 'X-Target: b', 'X-Version:')])).toMatchObject({
      target: 'a',
      version: null,
    });
  });
  it('cuts a long value and keeps its own count of them bounded', () => {
    expect(read([head('Content-Length: 0', `X-Target: ${'t'.repeat(5000)}`)]).target).toBe('t'.repeat(256));
  });
  it('passes over interim responses and refuses an unasked-for switch of protocols', () => {
    expect(
      read([
        `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Target: no\r\n\r\n${head('Content-Length: 1')}x`,
      ]),
    ).toMatchObject({ state: 'done', status: 200, target: null, bytes: 1 });
    expect(read(['HTTP/1.1 103 Early Hints\r\nX-Target: no\r\n\r\n'])).toMatchObject({
      state: 'head',
      status: 0,
      target: null,
    });
    expect(read(['HTTP/1.1 101 Switching Protocols\r\n\r\n'])).toMatchObject({ state: 'failed', status: 0 });
  });
  it('knows when the connection stays', () => {
    const keep = (text: string) => read([text]).keepAlive;
    expect(keep(head('Content-Length: 0'))).toBe(true);
    expect(keep(head('Content-Length: 0', 'Connection: Close'))).toBe(false);
    expect(keep(head('Content-Length: 0', 'Connection: upgrade , close, keep-alive'))).toBe(false);
    expect(keep('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n')).toBe(false);
    expect(keep('HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n')).toBe(true);
    expect(read([head()], { eof: true }).keepAlive).toBe(false);
  });
  const broken: [string, string][] = [
    ['not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['status below 100', 'HTTP/1.1 099 Odd\r\n\r\n'],
    ['four-digit status', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['blank before the colon', head('Content-Length : 2')],
    ['line without a colon', head('nonsense')],
    ['nameless header', head(': x')],
    ['NUL in a value', head('X: a\0b')],
    ['bare CR in a value', head('X: a\rContent-Length: 2')],
    ['two lengths', head('Content-Length: 2', 'Content-Length: 3')],
    ['length list', head('Content-Length: 2, 2')],
    ['negative length', head('Content-Length: -2')],
    ['empty length', head('Content-Length:')],
    ['endless length', head(`Content-Length: ${'9'.repeat(30)}`)],
    ['length and encoding', head('Content-Length: 2', 'Transfer-Encoding: chunked')],
    ['chunked twice', head('Transfer-Encoding: chunked, chunked')],
    ['folded framing header', head('Content-Length: 1', ' 2')],
    ['folded status line', head(' 2')],
    ['oversized', `${head(`X: ${'a'.repeat(40_000)}`)}`],
  ];
  it.each(broken)('refuses a head with %s, in one piece and byte by byte', (_, text) => {
    expect(read([text])).toMatchObject({ state: 'failed', status: 0, keepAlive: false });
    expect(read([...text])).toMatchObject({ state: 'failed', status: 0, keepAlive: false });
  });
  it('stops gathering an endless head', () => {
    expect(read(Array.from({ length: 100 }, () => 'HTTP/1.1 200 OK'.padEnd(1000, 'x')))).toMatchObject({
      state: 'failed',
    });
  });
});

describe('ResponseReader: bodies', () => {
  it('has none after 204, 304 and HEAD', () => {
    for (const status of ['204 No Content', '304 Not Modified']) {
      expect(read([`HTTP/1.1 ${status}\r\nContent-Length: 5\r\n\r\n`])).toMatchObject({ state: 'done', bytes: 0 });
    }
    expect(read([head('Content-Length: 5')], { headOnly: true })).toMatchObject({
      state: 'done',
      bytes: 0,
      keepAlive: true,
    });
  });
  it('reads lengths, leaves what follows, and says when bytes are missing', () => {
    expect(read([`${head('Content-Length: 2')}okHTTP`])).toMatchObject({ state: 'done', bytes: 2, left: 4 });
    expect(read([`${head('Content-Length: 5')}ok`], { eof: true })).toMatchObject({
      state: 'body',
      bytes: 2,
      status: 200,
    });
    expect(read([`${head('Content-Length: 2', 'Content-Length: 2')}ok`])).toMatchObject({ state: 'done', bytes: 2 });
  });
  it('reads chunks with extensions and trailers', () => {
    const text = `${head('Transfer-Encoding: gzip, Chunked')}3;a="b"\r\nabc\r\n0A \r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n`;
    expect(read([text])).toMatchObject({ state: 'done', bytes: 13, keepAlive: true, left: 0 });
    expect(read([text.slice(0, -2)], { eof: true })).toMatchObject({ state: 'body', bytes: 13 });
  });
  it('reads to the end of the connection when nothing else is said, or chunked is not the last coding', () => {
    expect(read([`${head()}abc`], { eof: true })).toMatchObject({ state: 'done', bytes: 3, keepAlive: false });
    expect(read([`${head()}abc`])).toMatchObject({ state: 'body', bytes: 3 });
    expect(read([`${head('Transfer-Encoding: chunked, gzip')}abc`], { eof: true })).toMatchObject({
      state: 'done',
      bytes: 3,
    });
  });
  it.each([
    'x\r\n',
    '\r\n',
    ';x\r\n',
    '3\rX\nabc\r\n',
    '3\r\nabcd\r\n',
    '3\r\nabc\rX',
    '1 2\r\n'.replace(' ', 'g'),
    `${'f'.repeat(20)}\r\n`,
    `0\r\nX: ${'a'.repeat(40_000)}`,
    `1;${'a'.repeat(40_000)}`,
    '0\r\nX: a\rb\n',
  ])('refuses broken chunking (%#)', (chunks) => {
    expect(read([head('Transfer-Encoding: chunked') + chunks])).toMatchObject({
      state: 'failed',
      keepAlive: false,
      status: 200,
    });
  });
});

describe('ResponseReader: body check', () => {
  it('finds a text wherever it is split, and only judges a whole response', () => {
    const body = 'ababababac ready';
    for (let at = 0; at <= body.length; at++) {
      const pieces = [head('Content-Length: 16') + body.slice(0, at), body.slice(at)];
      expect(read(pieces, { contains: 'ababac' }).bodyOk).toBe(1);
      expect(read(pieces, { contains: 'ababad' }).bodyOk).toBe(0);
    }
    expect(read([`${head('Content-Length: 9')}ready`], { contains: 'ready' }).bodyOk).toBe(2);
    expect(read([`${head('Content-Length: 3')}abc`], { contains: '' }).bodyOk).toBe(1);
  });
  it('agrees with String.includes', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 40 });
    const needle = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 5 });
    fc.assert(
      fc.property(text, needle, fc.nat(40), (body, contains, at) => {
        const pieces = [head(`Content-Length: ${body.length}`) + body.slice(0, at), body.slice(at)];
        expect(read(pieces, { contains }).bodyOk).toBe(body.includes(contains) ? 1 : 0);
      }),
    );
  });
  it('looks at the body only, not at chunk sizes', () => {
    const chunked = `${head('Transfer-Encoding: chunked')}2\r\nre\r\n3\r\nady\r\n0\r\n\r\n`;
    expect(read([chunked], { contains: 'ready' }).bodyOk).toBe(1);
    expect(read([chunked], { contains: '3' }).bodyOk).toBe(0);
  });
});
