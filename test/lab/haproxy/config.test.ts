import { describe, expect, it } from 'vitest';
import { CONFIG_FILE, type HaproxyNode, haproxyFiles } from '../../../src/lab/haproxy/config.js';

const NODE: HaproxyNode = {
  host: '127.0.0.2',
  port: 8080,
  flavour: 'clb',
  slots: 2,
  connectRetries: 0,
  connectTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  maxConnsPerTarget: 2048,
};
const config = (change: Partial<HaproxyNode> = {}) => haproxyFiles({ ...NODE, ...change }).get(CONFIG_FILE)!;

describe("HAProxy's files", () => {
  it('bind one address, hold a slot per target and listen to nobody else', () => {
    const lines = config().split('\n');
    expect(lines.filter((line) => /^ {2}(bind|server|stats)/.test(line))).toEqual([
      '  stats socket unix@admin.sock mode 600 level admin',
      '  bind 127.0.0.2:8080',
      '  server t1 127.0.0.1:1 maxconn 2048 disabled',
      '  server t2 127.0.0.1:1 maxconn 2048 disabled',
    ]);
    expect(config({ host: '::1' })).toContain('\n  bind [::1]:8080\n');
  });

  it('choose and retry as the balancer does', () => {
    expect(config()).toMatch(/balance leastconn/);
    expect(config()).toMatch(/\n {2}retries 0\n {2}retry-on conn-failure\n(?! {2}option redispatch)/);
    expect(config({ connectRetries: 2 })).toMatch(
      /\n {2}retries 2\n {2}retry-on conn-failure\n {2}option redispatch 1\n/,
    );
    expect(config({ flavour: 'alb' })).toMatch(/balance roundrobin/);
  });

  it('answer in the words of the balancer', () => {
    const classic = haproxyFiles(NODE);
    expect(classic.get('no-target.http')).toBe(
      'HTTP/1.1 503 Service Unavailable: Back-end server is at capacity\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n',
    );
    for (const file of ['target-closed.http', 'target-timeout.http']) {
      expect(classic.get(file)).toMatch(/^HTTP\/1\.1 504 GATEWAY_TIMEOUT\r\nContent-Length: 0\r\n/);
    }
    const application = haproxyFiles({ ...NODE, flavour: 'alb' });
    expect(application.get('connect-failed.http')).toMatch(
      /^HTTP\/1\.1 502 Bad Gateway\r\nServer: awselb\/2\.0\r\nContent-Type/,
    );
    expect(application.get(CONFIG_FILE)).toContain('add-header Date');
  });

  it('round times to whole milliseconds, never to the 0 that means for ever', () => {
    expect(config({ idleTimeoutMs: 0.2, connectTimeoutMs: 12.6 })).toMatch(
      /timeout connect 13\n {2}timeout client 1\n/,
    );
  });

  it.each([
    [{ host: 'localhost' }, /not an IP address/],
    [{ host: '127.0.0.1:1\n  bind 0.0.0.0' }, /not an IP address/],
    [{ port: Number.NaN }, /not a whole number/],
    [{ port: '80\n  bind 0.0.0.0:80' as unknown as number }, /not a whole number/],
    [{ slots: 1.5 }, /not a whole number/],
    [{ connectRetries: -1 }, /not a whole number/],
    [{ idleTimeoutMs: Number.POSITIVE_INFINITY }, /not a whole number/],
  ])('take nothing that could be more than a number or an address: %j', (change, message) => {
    expect(() => config(change)).toThrow(message);
  });
});
