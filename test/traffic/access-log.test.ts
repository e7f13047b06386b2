import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { type AccessFacts, albLine, classicLine } from '../../src/lab/dataplane/access-line.js';
import { accessRow } from '../../src/traffic/import/access-line.js';
import { readAccessLog } from '../../src/traffic/import/access-log.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-access-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const AT = Date.parse('2026-11-22T08:15:03.250Z');
const facts = (more: Partial<AccessFacts> = {}): AccessFacts => ({
  listener: 'http',
  balancer: 'lab',
  arrivedAt: new Date(AT),
  endedAt: new Date(AT + 40),
  client: '127.0.0.1:40123',
  target: '127.0.0.1:8080',
  requestMs: 1,
  targetMs: 30,
  responseMs: 0,
  status: 200,
  targetStatus: 200,
  receivedHeadBytes: 100,
  receivedBodyBytes: 0,
  sentHeadBytes: 100,
  sentBodyBytes: 2,
  request: { method: 'GET', url: 'http://lab.local:80/', version: 'HTTP/1.1' },
  userAgent: 'rollproof',
  cipher: null,
  protocol: null,
  ...more,
});

describe('a line of an access log', () => {
  it.each([
    ['Classic', classicLine],
    ['ALB', albLine],
  ])('in the %s format tells who answered what, as the lab writes it', (_, line) => {
    const own = { arrivedAt: AT, port: 40_123, userAgent: 'rollproof' };
    expect(accessRow(line(facts()))).toEqual({ ...own, target: '127.0.0.1:8080', status: 200, targetStatus: 200 });
    const none = { target: null, requestMs: null, targetMs: null, responseMs: null, status: 503, targetStatus: null };
    expect(accessRow(line(facts(none)))).toEqual({ ...own, target: null, status: 503, targetStatus: 0 });
    const cut = { requestMs: null, targetMs: null, responseMs: null, status: 504, targetStatus: null };
    expect(accessRow(line(facts(cut)))).toEqual({ ...own, target: '127.0.0.1:8080', status: 504, targetStatus: 0 });
  });

  it('reads the examples of AWS’s guides', () => {
    const classic =
      '2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000086 0.001048 0.001337 200 200 0 57 "GET https://www.example.com:443/ HTTP/1.1" "curl/7.38.0" DHE-RSA-AES128-SHA TLSv1.2';
    expect(accessRow(classic)).toMatchObject({
      port: 2817,
      target: '10.0.0.1:80',
      status: 200,
      userAgent: 'curl/7.38.0',
    });
    const tcp =
      '2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.001069 0.000028 0.000041 - - 82 305 "- - - " "-" - -';
    expect(accessRow(tcp)).toBe('tcp');
    const alb =
      'https 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 [2001:db8::1]:2817 10.0.0.1:80 0.086 0.048 0.037 502 - 0 57 "GET https://www.example.com:443/ HTTP/1.1" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" "arn:aws:acm:us-east-2:123456789012:certificate/12345678" 1 2018-07-02T22:22:48.364000Z "authenticate,forward" "-" "-" "10.0.0.1:80" "200" "-" "-"';
    expect(accessRow(alb)).toMatchObject({
      arrivedAt: Date.parse('2018-07-02T22:22:48.364Z'),
      port: 2817,
      status: 502,
      targetStatus: 0,
    });
  });

  it.each([
    ['nothing', ''],
    ['no log at all', 'hello world'],
    ['a status that is none', classicLine(facts()).replace(' 200 200 ', ' 2e2 200 ')],
    ['a target that is no address', classicLine(facts()).replace('127.0.0.1:8080', '<script>')],
    ['a time that does not exist', classicLine(facts()).replace('2026-11-22', '2026-13-42')],
    ['too few fields', classicLine(facts()).slice(0, 60)],
  ])('is refused when it holds %s', (_, line) => {
    expect(accessRow(line)).toBeNull();
  });

  it('is not misled by what a client puts into its request or its agent', () => {
    const evil = 'x" 500 500 "y';
    const line = classicLine(facts()).replace('"rollproof"', `"${evil}"`);
    expect(accessRow(line)).toMatchObject({ status: 200, targetStatus: 200 });
    const alb = albLine(facts()).replace('"rollproof"', '"a" b" c');
    // Fields behind it may slip: the time is then that of the answer, less what it took.
    expect(accessRow(alb)).toMatchObject({ status: 200, targetStatus: 200 });
  });
});

describe('an access log file', () => {
  const text = `${classicLine(facts())}\n\nnonsense\n${albLine(facts({ status: 502 }))}\r\n${'y'.repeat(200_000)}\n${classicLine(facts())}`;
  const read = async (name: string, bytes: string | Buffer) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const statuses: number[] = [];
    return { ...(await readAccessLog(path, (row) => statuses.push(row.status))), statuses };
  };

  it('is read to its end, with what is no line counted, gzipped or not', async () => {
    const whole = { lines: 5, malformed: 2, tcp: 0, statuses: [200, 502, 200] };
    expect(await read('a.log', text)).toEqual(whole);
    expect(await read('a.log.gz', gzipSync(text))).toEqual(whole);
  });

  it('is refused when it is something else, or cut inside its compression', async () => {
    await expect(read('b.log', 'a,b,c\n1,2,3\n')).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' });
    const packed = gzipSync(text);
    await expect(read('c.gz', packed.subarray(0, packed.length - 20))).rejects.toMatchObject({
      code: 'ARGUMENT_INVALID',
    });
  });
});
