import { describe, expect, it } from 'vitest';
import { LANE_CODE } from '../../../src/traffic/arrivals.js';
import { requestTemplate } from '../../../src/traffic/embedded/request.js';
import { workload } from './workload.js';

const long = { ratePerSecond: 1, path: '/slow?for={ms}&again={ms}', minHoldMs: 1, maxHoldMs: 2 };

describe('requestTemplate', () => {
  it('renders one request per lane: close on fresh connections, the hold time on long ones', () => {
    const { render, kinds } = requestTemplate(
      workload({
        service: { url: 'http://service.test:8080/a/b?c=1#d', headers: { Cookie: 'x=1' } },
        traffic: { lanes: { newWeight: 1, reuseWeight: 1, long } },
      }),
    );
    const rest =
      'Host: service.test:8080\r\nUser-Agent: rollproof\r\nAccept: */*\r\nCookie: x=1\r\nX-Rollproof-Run: test-run\r\n';
    expect(render(0, 7, LANE_CODE.reuse, 0)).toBe(`GET /a/b?c=1 HTTP/1.1\r\n${rest}X-Rollproof-Seq: 7\r\n\r\n`);
    expect(render(0, 8, LANE_CODE.new, 0)).toBe(
      `GET /a/b?c=1 HTTP/1.1\r\n${rest}Connection: close\r\nX-Rollproof-Seq: 8\r\n\r\n`,
    );
    expect(render(0, 9, LANE_CODE.long, 1234)).toBe(
      `GET /slow?for=1234&again=1234 HTTP/1.1\r\n${rest}Connection: close\r\nX-Rollproof-Seq: 9\r\n\r\n`,
    );
    expect(kinds.map((kind) => kind.headOnly)).toEqual([false]);
  });
  it('counts the body in bytes and sends it as UTF-8', () => {
    const { render } = requestTemplate(workload({ service: { method: 'POST', body: '{"é":"€"}' } }));
    const text = render(0, 0, LANE_CODE.reuse, 0);
    expect(text).toContain('\r\nContent-Length: 12\r\n');
    expect(Buffer.from(text.split('\r\n\r\n')[1]!, 'latin1').toString('utf8')).toBe('{"é":"€"}');
    expect(requestTemplate(workload({ service: { method: 'POST' } })).render(0, 0, 1, 0)).toContain(
      'Content-Length: 0\r\n',
    );
  });
  it('lets the scenario replace Host, Accept and User-Agent', () => {
    const headers = { hOst: 'other', ACCEPT: 'text/plain', 'user-agent': 'me' };
    const text = requestTemplate(workload({ service: { headers } })).render(0, 0, 1, 0);
    expect(text).not.toMatch(/127\.0\.0\.1|\*\/\*|rollproof\r\n/);
    expect(requestTemplate(workload({ service: { method: 'HEAD' } })).kinds[0]!.headOnly).toBe(true);
  });
  it.each([
    [{ headers: { A: 'b\r\nX-Rollproof-Seq: 1' } }, /line breaks/],
    [{ headers: { A: 'b\nc' } }, /line breaks/],
    [{ headers: { A: 'b\0' } }, /line breaks/],
    [{ headers: { A: '€' } }, /latin1/],
    [{ headers: { 'A b': 'c' } }, /header name/],
    [{ headers: { 'A:': 'c' } }, /header name/],
    [{ headers: { 'Content-Length': '1' } }, /itself/],
    [{ headers: { connection: 'x' } }, /itself/],
    [{ headers: { 'Transfer-Encoding': 'chunked' } }, /itself/],
    [{ headers: { 'X-Rollproof-Run': 'x' } }, /itself/],
    [{ method: 'GET /x' }, /method/],
    [{ method: 'CONNECT' }, /method/],
    [{ url: 'ftp://x/' }, /service.url/],
    [{ url: '/only/a/path' }, /service.url/],
  ])('refuses %j', (service, message) => {
    expect(() => requestTemplate(workload({ service }))).toThrow(
      expect.objectContaining({ code: 'SCENARIO_INVALID', message: expect.stringMatching(message) }),
    );
  });
  it('refuses a long path that is none', () => {
    for (const path of ['slow', '/a b', '/a\r\nX: y', 'http://elsewhere/']) {
      expect(() =>
        requestTemplate(workload({ traffic: { lanes: { newWeight: 1, reuseWeight: 1, long: { ...long, path } } } })),
      ).toThrow(/long.path/);
    }
  });
});
