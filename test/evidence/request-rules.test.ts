import { describe, expect, it } from 'vitest';
import { SAMPLE_CLASSES } from '../../src/domain/outage.js';
import type { OkRule, WeightedRequest } from '../../src/domain/scenario.js';
import { classifySamples } from '../../src/evidence/classify.js';
import { requestRules } from '../../src/evidence/request-rules.js';
import { type SampleRow, sampleTable } from './sample-rows.js';

const ok: OkRule = { status: [[200, 399]], bodyContains: null };
const request = (name: string, own: OkRule | null): WeightedRequest => ({
  name,
  ok: own,
  weight: 1,
  method: 'GET',
  path: null,
  headers: {},
  body: null,
  bodyFile: null,
});
const requests = [
  request('list', null),
  request('order', { status: [[201, 201]], bodyContains: null }),
  request('text', { status: [[200, 204]], bodyContains: 'ok' }),
];

/** The classes of whole answers, in the order given. */
function classes(rows: readonly SampleRow[], among: readonly WeightedRequest[] = requests): string[] {
  const table = sampleTable(rows.map((row) => ({ sentAt: 1, endedAt: 2, target: 's1', ...row })));
  const rules = { expect: ok.status, stampCoverage: 1, ofRow: requestRules({ ok, requests: among }) };
  const columns = classifySamples(table, { ...rules, dns: 'unknown' });
  return Array.from(columns.class, (code) => SAMPLE_CLASSES[code]!);
}

describe('success by request', () => {
  it('judges each row by the rule of its request, even where all else is the same', () => {
    const rows = ['list', 'order', 'list', 'order'].map((name) => ({ request: name, status: 200 }));
    expect(classes(rows)).toEqual(['ok', 'http_status', 'ok', 'http_status']);
    expect(
      classes([
        { request: 'order', status: 201 },
        { request: 'list', status: 404 },
      ]),
    ).toEqual(['ok', 'http_4xx']);
    expect(classes([{ request: 'order', status: 500 }])).toEqual(['http_5xx_app']);
  });

  it('takes an answer whose body was to be checked and was not for no success, by request', () => {
    const rows = ([0, 1, 2] as const).map((bodyOk) => ({ request: 'text', status: 200, bodyOk }));
    expect(classes(rows)).toEqual(['assertion', 'ok', 'aborted']);
    expect(classes([{ request: 'list', status: 200, bodyOk: 2 }])).toEqual(['ok']);
  });

  it("goes by the service's rule in lane long, which sends the service's own request", () => {
    const rows: SampleRow[] = [
      { lane: 'long', status: 302 },
      { request: 'list', status: 302 },
    ];
    expect(classes(rows)).toEqual(['ok', 'ok']);
  });

  it('asks of a row that does not say which request it was that every rule is kept', () => {
    const unnamed = (status: number, bodyOk: 1 | 2 = 1): SampleRow => ({ status, bodyOk });
    const withText = [requests[0]!, requests[2]!];
    const rows = [unnamed(200), unnamed(200, 2), unnamed(302), { request: 'list', status: 302 }];
    expect(classes(rows, withText)).toEqual(['ok', 'aborted', 'http_status', 'ok']);
    const two = requests.slice(0, 2);
    expect(classes([unnamed(200), unnamed(201), { request: 'stranger', status: 201 }], two)).toEqual([
      'http_status',
      'ok',
      'ok',
    ]);
    // Without the column nobody knows which rows were long.
    expect(classes([{ lane: 'long', status: 200 }], two)).toEqual(['http_status']);
  });
});
