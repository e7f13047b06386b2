import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ValuesTable, WeightedRequest } from '../../../src/domain/scenario.js';
import { LANE_CODE } from '../../../src/traffic/arrivals.js';
import { requestTemplate } from '../../../src/traffic/embedded/request.js';
import { workload } from './workload.js';

const request = (name: string, more: Partial<WeightedRequest> = {}): WeightedRequest => ({
  name,
  weight: 1,
  method: 'GET',
  path: null,
  headers: {},
  body: null,
  bodyFile: null,
  ok: null,
  ...more,
});
const table = (rows: readonly (readonly string[])[], order: ValuesTable['order'] = 'sequence'): ValuesTable => ({
  file: 'users.csv',
  order,
  columns: ['user', 'text'],
  rows,
  rowCount: rows.length,
});
const template = (requests: readonly WeightedRequest[], values: ValuesTable | null = null, seed = 1) =>
  requestTemplate(workload({ service: { url: 'http://s.test/base?x=1', requests, values }, traffic: { seed } }));
const only = (one: Partial<WeightedRequest>, values: ValuesTable) => (seq: number) =>
  template([request('one', one)], values).render(1, seq, LANE_CODE.reuse, 0);

describe('several requests', () => {
  it('draws them by weight, the same for the same seed, apart from the lanes', () => {
    const requests = [request('a', { weight: 3 }), request('b', { weight: 0 }), request('c')];
    const { kindOf, kinds } = template(requests);
    expect(kinds.map(({ name }) => name)).toEqual([null, 'a', 'b', 'c']);
    const counts = [0, 0, 0, 0];
    for (let seq = 0; seq < 20_000; seq++) counts[kindOf(seq, LANE_CODE.new)]!++;
    expect(counts[0]).toBe(0);
    expect(counts[2]).toBe(0);
    expect(counts[1]! / 20_000).toBeCloseTo(0.75, 1);
    const again = template(requests);
    const other = template(requests, null, 2);
    const draws = (one: typeof again) => Array.from({ length: 64 }, (_, seq) => one.kindOf(seq, LANE_CODE.reuse));
    expect(draws(again)).toEqual(draws(template(requests)));
    expect(draws(other)).not.toEqual(draws(again));
    expect(kindOf(5, LANE_CODE.long)).toBe(0);
  });

  it('sends each with its own method, path, headers and body', () => {
    const { render } = template([
      request('list'),
      request('order', { method: 'POST', path: '/orders?n=1', headers: { 'X-A': 'b' }, body: '€' }),
    ]);
    expect(render(1, 7, LANE_CODE.reuse, 0)).toMatch(/^GET \/base\?x=1 HTTP\/1\.1\r\n/);
    expect(render(2, 8, LANE_CODE.new, 0)).toBe(
      'POST /orders?n=1 HTTP/1.1\r\nHost: s.test\r\nUser-Agent: rollproof\r\nAccept: */*\r\nX-A: b\r\nContent-Length: 3\r\n' +
        'X-Rollproof-Run: test-run\r\nConnection: close\r\nX-Rollproof-Seq: 8\r\n\r\n\xe2\x82\xac',
    );
  });

  it.each([
    [[request('a', { weight: 0 })], /weights/],
    [[request('a', { path: 'a' })], /requests\[0\]\.path/],
    [[request('a'), request('b', { headers: { A: 'x\r\ny' } })], /requests\[1\]\.headers\.A/],
    [[request('a', { headers: { Connection: 'close' } })], /itself/],
    [[request('a', { method: 'G T' })], /requests\[0\]\.method/],
  ])('refuses %j', (requests, message) => {
    expect(() => template(requests)).toThrow(
      expect.objectContaining({ code: 'SCENARIO_INVALID', message: expect.stringMatching(message) }),
    );
  });
});

describe('values', () => {
  it('go row by row, or as the seed draws them', () => {
    const rows = [
      ['ann', '1'],
      ['bob', '2'],
      ['cid', '3'],
    ];
    const path = '/u/{{user}}?t={{ text }}';
    const first = (text: string) => text.split(' ')[1];
    const inOrder = only({ path }, table(rows));
    expect([0, 1, 2, 3].map((seq) => first(inOrder(seq)))).toEqual([
      '/u/ann?t=1',
      '/u/bob?t=2',
      '/u/cid?t=3',
      '/u/ann?t=1',
    ]);
    const random = only({ path }, table(rows, 'random'));
    const drawn = Array.from({ length: 300 }, (_, seq) => first(random(seq)));
    expect(new Set(drawn).size).toBe(3);
    expect(drawn.slice(0, 20)).not.toEqual(Array.from({ length: 20 }, (_, seq) => first(inOrder(seq))));
    expect(first(only({ path }, table(rows, 'random'))(7))).toBe(drawn[7]);
  });

  it('any value stays one piece of path, body and JSON, and the length is that of the bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
        const values = table([['u', text]]);
        const sent = only({ method: 'POST', path: '/p/{{text}}/q', body: '<{{text}}>' }, values)(0);
        const [head, ...rest] = sent.split('\r\n\r\n');
        const body = rest.join('\r\n\r\n');
        expect(Buffer.from(body, 'latin1').toString('utf8')).toBe(`<${text}>`);
        expect(head).toContain(`\r\nContent-Length: ${body.length}\r\n`);
        const target = head!.split('\r\n')[0]!;
        expect(target).toMatch(/^POST \/p\/[A-Za-z0-9\-._~%]*\/q HTTP\/1\.1$/);
        expect(decodeURIComponent(target.slice('POST /p/'.length, -'/q HTTP/1.1'.length))).toBe(text);
        const json = only(
          { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"t":"{{text}}"}' },
          values,
        )(0);
        const parsed = JSON.parse(Buffer.from(json.slice(json.indexOf('\r\n\r\n') + 4), 'latin1').toString('utf8'));
        expect(parsed).toEqual({ t: text });
      }),
    );
  });

  it('are escaped in a form, and refused in a header they would break out of', () => {
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const values = table([['u', 'a&b=c d+é']]);
    expect(only({ method: 'POST', headers: form, body: 't={{text}}' }, values)(0)).toMatch(/t=a%26b%3Dc%20d%2B%C3%A9$/);
    expect(only({ headers: { 'X-User': 'id {{user}}' } }, table([['ann', '']]))(0)).toContain('\r\nX-User: id ann\r\n');
    for (const cell of ['a\r\nX-Rollproof-Seq: 1', 'a\nb', 'a\0', '€'])
      expect(() =>
        only(
          { headers: { 'X-User': '{{user}}' } },
          table([
            ['ok', ''],
            [cell, ''],
          ]),
        )(0),
      ).toThrow(
        expect.objectContaining({ code: 'SCENARIO_INVALID', message: expect.stringMatching(/row 2 of column user/) }),
      );
  });

  it('names a column that is not there; without a table braces are sent as they stand', () => {
    expect(() => only({ path: '/{{who}}' }, table([['a', 'b']]))(0)).toThrow(/users\.csv has no column "who"/);
    expect(() => only({ path: '/{{user}}' }, table([]))(0)).toThrow(/no rows/);
    const { render } = template([request('one', { method: 'POST', body: '{{user}}' })]);
    expect(render(1, 0, LANE_CODE.reuse, 0)).toMatch(/\{\{user\}\}$/);
  });
});
