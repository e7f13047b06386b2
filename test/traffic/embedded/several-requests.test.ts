import { afterEach, describe, expect, it } from 'vitest';
import type { WeightedRequest } from '../../../src/domain/scenario.js';
import { runInProcess } from './in-process.js';
import { type Peer, peer } from './peers.js';

let open: Peer | null = null;
afterEach(async () => {
  await open?.close();
  open = null;
});

const request = (name: string, more: Partial<WeightedRequest>): WeightedRequest => ({
  name,
  weight: 1,
  method: 'GET',
  path: `/${name}`,
  headers: {},
  body: null,
  bodyFile: null,
  ok: null,
  ...more,
});

describe('several requests on real sockets', () => {
  it('says of every row which request it was, and reads each answer as that request asks for', async () => {
    open = await peer((socket, { text }) => {
      const body = text.startsWith('GET /text') ? 'it is ok' : 'no';
      const head = `HTTP/1.1 ${text.startsWith('POST') ? 201 : 200} X\r\nContent-Length: ${body.length}\r\n\r\n`;
      const answer = head + (text.startsWith('HEAD') ? '' : body);
      if (text.includes('Connection: close')) socket.end(answer);
      else socket.write(answer);
    });
    const ok = { status: [[200, 200]] as const, bodyContains: 'ok' };
    const { rows } = await runInProcess({
      service: {
        url: `http://127.0.0.1:${open.port}/`,
        requests: [
          request('head', { method: 'HEAD' }),
          request('text', { ok }),
          request('order', {
            method: 'POST',
            path: '/order/{{n}}',
            body: 'n={{n}}',
            ok: { status: [[201, 201]], bodyContains: null },
          }),
        ],
        values: { file: 'n.csv', order: 'sequence', columns: ['n'], rows: [['a b'], ['c']], rowCount: 2 },
      },
      traffic: {
        lanes: {
          newWeight: 1,
          reuseWeight: 1,
          long: { ratePerSecond: 20, path: '/h?{ms}', minHoldMs: 1, maxHoldMs: 1 },
        },
      },
    });
    const sent = new Map(open.seen.map((seen) => [seen.seq, seen.text]));
    const names = { HEAD: 'head', GET: 'text', POST: 'order' } as Record<string, string>;
    let checked = 0;
    for (const row of rows.filter((r) => !Number.isNaN(r.sentAt))) {
      const text = sent.get(row.seq)!;
      expect(row.error).toBeNull();
      expect(row.request).toBe(text.startsWith('GET /h?1') ? null : names[text.split(' ')[0]!]);
      if (row.request === 'text') expect(row).toMatchObject({ status: 200, bodyOk: 1, bodyBytes: 8 });
      else expect(row.bodyOk).toBe(2);
      if (row.request === 'head') expect(row).toMatchObject({ status: 200, bodyBytes: 0 });
      if (row.request === 'order') {
        const [path, body] = row.seq % 2 === 0 ? ['/order/a%20b', 'n=a b'] : ['/order/c', 'n=c'];
        expect(text.startsWith(`POST ${path} HTTP/1.1\r\n`)).toBe(true);
        expect(text.endsWith(`\r\n\r\n${body}`)).toBe(true);
      }
      checked++;
    }
    expect(new Set(rows.map((row) => row.request))).toEqual(new Set([null, 'head', 'text', 'order']));
    expect(checked).toBeGreaterThan(50);
    // Whatever the mix, a kept connection goes on: an answer to HEAD leaves nothing behind on it.
    expect(Math.max(...rows.map((row) => row.connectionUse))).toBeGreaterThan(5);
  });
});
