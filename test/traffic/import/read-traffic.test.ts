import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { SampleBatch } from '../../../src/domain/sample.js';
import { readTraffic } from '../../../src/traffic/import/read-traffic.js';
import { rowsOf } from '../embedded/rows.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-import-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const PROBE = new URL('../fixtures/k6/probe.csv', import.meta.url).pathname;
let files = 0;
const file = (content: string | Buffer) => {
  const path = join(folder, `results-${files++}`);
  writeFileSync(path, content);
  return path;
};
const rows = async (path: string) => {
  const traffic = await readTraffic(path);
  return { ...traffic, rows: rowsOf([...traffic.columns.batches(0)] as SampleBatch[]) };
};

/** k6's own samples only, as any script writes them, with the default tags. */
const TAGS = ',1212,,true,GET,probe,HTTP/1.1,probe,0,,"http://a/?x=1,2",,';
const HEADER =
  'metric_name,timestamp,metric_value,error_code,check,expected_response,method,name,proto,scenario,status,tls_version,url,extra_tags,metadata';
const PARTS = ['duration', 'blocked', 'connecting', 'tls_handshaking', 'sending', 'waiting', 'receiving', 'failed'];
function request(ns: string, tags: string, values: readonly number[]): string[] {
  return [
    `http_reqs,${ns},1.000000${tags}`,
    ...PARTS.map((part, i) => `http_req_${part},${ns},${(values[i] ?? 0).toFixed(6)}${tags}`),
  ];
}
const OK = ',,,true,GET,probe,HTTP/1.1,probe,200,,http://a/,,';

describe('k6 CSV', () => {
  it('takes the rows of our probe and leaves k6’s own samples of the same requests out', async () => {
    const traffic = await rows(PROBE);
    const text = readFileSync(PROBE, 'utf8');
    const count = (prefix: string) => text.split('\n').filter((l) => l.startsWith(prefix)).length;
    expect(traffic).toMatchObject({ format: 'k6-csv', isOurs: true });
    expect(traffic.rows.length).toBe(count('rollproof,') + count('dropped_iterations,'));
    expect(traffic.rows.filter((r) => Number.isNaN(r.sentAt)).length).toBe(count('dropped_iterations,'));
    expect(traffic.rows.some((r) => r.target === 'staging-1' && r.version === 'v1')).toBe(true);
    expect(traffic.missing).toEqual(['1 numbered arrivals are missing']);
  });

  it('reads k6’s own samples: times from the end backwards, errors in our words, and says what is missing', async () => {
    const lines = [
      HEADER,
      ...request('1795346233900000000', OK, [4, 1, 1, 0, 0.5, 3, 0.5]),
      'data_sent,1795346233900100000,65.000000,,,,,,,,,,,,',
      ...request('1795346234100500000', TAGS, []),
      'dropped_iterations,1795346234000000000,3.000000,,,,,,,,,,,,',
      '',
    ];
    const traffic = await rows(file(lines.join('\n')));
    expect(traffic.isOurs).toBe(false);
    expect(traffic.missing.join()).toMatch(/meant to be sent.*which target.*re-sends/);
    expect(traffic.rows.map((r) => [r.status, r.error, r.lane])).toEqual([
      [200, null, 'new'],
      [0, null, 'new'],
      [0, null, 'new'],
      [0, null, 'new'],
      [0, 'k6:1212', 'new'],
    ]);
    expect(traffic.rows[0]).toMatchObject({
      sentAt: 1795346233895,
      endedAt: 1795346233900,
      firstByteAt: 1795346233899.5,
    });
    expect(traffic.rows.filter((r) => Number.isNaN(r.sentAt)).length).toBe(3);
  });

  it('reads the same whichever way the rows of a request are broken up, and gzipped', async () => {
    const whole = Array.from({ length: 300 }, (_, i) =>
      request(String(1795346233900000000n + BigInt(i) * 1000000n), i % 3 === 0 ? TAGS : OK, [
        i % 7,
        0.5,
        i % 2,
        0,
        0.1,
        0.2,
      ]),
    );
    const plain = `${[HEADER, ...whole.flat()].join('\n')}\n`;
    const broken = `${[HEADER, ...whole.flatMap(([first, ...rest]) => [first, 'vus,1795346233,1.0,,,,,,,,,,,,', ...rest])].join('\n')}\n`;
    const expected = (await rows(file(plain))).rows;
    expect(expected.length).toBe(300);
    expect((await rows(file(broken))).rows).toEqual(expected);
    expect((await rows(file(gzipSync(plain)))).rows).toEqual(expected);
    expect((await rows(file(plain.replaceAll('\n', '\r\n')))).rows.length).toBe(300);
  });

  it('does not take whole seconds or a cut file for evidence', async () => {
    const seconds = `${[HEADER, ...request('1795346233', OK, [4, 1])].join('\n')}\n`;
    expect((await readTraffic(file(seconds))).missing.join()).toMatch(/whole seconds/);
    const cut = `${[HEADER, ...request('1795346233900000000', OK, [4, 1])].join('\n')}\nhttp_req`;
    expect((await readTraffic(file(cut))).missing.join()).toMatch(/it was cut/);
  });
});

const JTL_HEADER =
  'timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect';

describe('JTL', () => {
  it('reads samples, exceptions, quotes and line breaks in messages', async () => {
    const jtl = [
      JTL_HEADER,
      '1795328030750,44,probe,200,OK,probe 1-2,text,true,,159,20,20,20,http://a/,44,0,33',
      '1795328030800,10,probe,503,"Back, end",probe 1-2,text,false,,10,20,20,20,http://a/,9,0,0',
      '1795328030700,86,probe,Non HTTP response code: java.net.ConnectException,"Non HTTP response message: Connection\nrefused, ""x""",probe 1-7,,false,,0,0,20,20,http://a/,0,0,0',
      '',
    ].join('\n');
    const traffic = await rows(file(jtl));
    expect(traffic).toMatchObject({ format: 'jtl', isOurs: false });
    expect(traffic.rows.map((r) => [r.status, r.error, r.sentAt, r.endedAt])).toEqual([
      [0, 'java.net.ConnectException', 1795328030700, 1795328030786],
      [200, null, 1795328030750, 1795328030794],
      [503, null, 1795328030800, 1795328030810],
    ]);
    expect(traffic.rows[2]!.statusText).toBe('Back, end');
    expect(traffic.missing.join()).toMatch(/which target/);
  });

  it('reads the columns of 2.13, which has no header line', async () => {
    const bare = '1795328030750,44,probe,200,OK,probe 1-2,text,true,159,20,20,44\n';
    expect((await rows(file(bare))).rows.map((r) => r.status)).toEqual([200]);
  });
});

describe('rows of our own that kept no connections', () => {
  const names = `${JTL_HEADER},"rp","target","version","bootId","server"`;
  /** Sixty arrivals on each lane, one a second; `connects` = the milliseconds connecting took in lane reuse. */
  const jtl = (connects: (n: number) => number, threads: number) => {
    const row = (lane: string, n: number, thread: string, connect: number) =>
      `${1795328030000 + n * 1000},4,${lane},200,OK,${thread},text,true,,9,9,9,9,http://a/,4,0,${connect},${lane}|${n}|${1795328030000 + n * 1000}.000|0,s1,v1,b,srv`;
    const lines = Array.from({ length: 60 }, (_, n) => [
      row('new', n, `new 1-${n}`, n % 2),
      row('reuse', n, `reuse 2-${n % threads}`, connects(n)),
    ]);
    return file(`${[names, ...lines.flat()].join('\n')}\n`);
  };

  it('a JTL: what shows of connecting is scaled by what shows of it where all are fresh', async () => {
    expect((await readTraffic(jtl((n) => (n < 3 ? n % 2 : 0), 3))).missing).toEqual([]);
    expect((await readTraffic(jtl((n) => n % 2, 3))).missing.join()).toMatch(/proves nothing .* 0 of 60 requests/);
    // Eight seen are sixteen: the first of as many threads, or kept connections that were not kept.
    expect((await readTraffic(jtl((n) => (n < 8 ? 1 : 0), 16))).missing).toEqual([]);
    expect((await readTraffic(jtl((n) => (n < 8 ? 1 : 0), 3))).missing.join()).toMatch(/44 of 60/);
  });

  it('k6 CSV: whatever came first, the later half of lane reuse found connections open', async () => {
    const csv = (connecting: (n: number) => string, fresh = 0) => {
      const row = (lane: string, n: number, took: string) => {
        const due = 1795328030000 + n * 1000;
        return `rollproof,${due + 11}000000,3.400000,,${lane},,r=1|${lane}|${n}|1795328030000|${due}|7.000|${due + 8}|200|0|||srv|s1|v1||0.900|${took}|2.000|2.500|10.0.0.1|2`;
      };
      // As k6's two processes write them, one file after the other.
      const lines = [
        ...Array.from({ length: 60 }, (_, n) => row('reuse', n, connecting(n))),
        ...Array.from({ length: fresh }, (_, n) => row('new', n, '0.500')),
      ];
      return file(
        `metric_name,timestamp,metric_value,error_code,scenario,status,extra_tags,metadata\n${lines.join('\n')}\n`,
      );
    };
    expect((await readTraffic(csv((n) => (n < 30 ? '0.500' : '0.000')))).missing).toEqual([]);
    expect((await readTraffic(csv((n) => (n < 34 ? '0.500' : '0.000')))).missing.join()).toMatch(/26 of 30 requests/);
    expect((await readTraffic(csv((n) => (n < 30 ? '0.500' : '0.000'), 90))).missing).toEqual([]);
    expect((await readTraffic(csv(() => '0.500', 90))).missing.join()).toMatch(/0 of 30 requests/);
  });
});

describe('files that cannot be judged', () => {
  it.each([
    ['', /empty/],
    ['hello\nworld\n', /:1: neither/],
    ['<?xml version="1.0"?>\n', /XML JTL/],
    ['{"metric":"x"}\n', /JSON/],
    [`${HEADER}\nhttp_reqs,yesterday,1,${OK}\n`, /:2: the timestamp/],
    [`${JTL_HEADER}\n1795328030750,44,probe,200\n`, /:2: 4 fields where the header has 17/],
    [`${JTL_HEADER}\nsoon,44,p,200,OK,t,text,true,,1,1,1,1,u,1,0,1\n`, /:2: timeStamp/],
  ])('%j', async (content, message) => {
    await expect(readTraffic(file(content))).rejects.toMatchObject({
      code: 'ARGUMENT_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
