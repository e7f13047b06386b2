import { describe, expect, it } from 'vitest';
import { probePlans, trafficForK6 } from '../../../src/traffic/k6/probe-plan.js';
import { workload } from '../embedded/workload.js';

const long = { ratePerSecond: 5, path: '/hold?ms={ms}', minHoldMs: 100, maxHoldMs: 200 };

describe('what k6 is told', () => {
  it('has one process per kind of connection, with places for a whole timeout of a hanging service', () => {
    const plans = probePlans(
      workload({ service: { method: 'POST' }, traffic: { lanes: { newWeight: 3, reuseWeight: 1, long } } }),
    );
    expect(plans.map((p) => [p.freshConnections, p.lanes.map((l) => [l.name, l.ratePerSecond, l.vus])])).toEqual([
      [
        true,
        [
          ['new', 150, 235],
          ['long', 5, 18],
        ],
      ],
      [false, [['reuse', 50, 85]]],
    ]);
  });

  it('names given addresses in the URL and the host in a header, all of them used', () => {
    const [plan] = probePlans(
      workload({
        service: { method: 'POST', url: 'http://lab.local:8080/x?y=1' },
        traffic: { resolve: { 'lab.local': ['127.0.0.2:8080', '127.0.0.3:8081'] } },
      }),
    );
    expect(plan!.lanes[0]!.urls).toEqual(['http://127.0.0.2:8080/x?y=1', 'http://127.0.0.3:8081/x?y=1']);
    expect(plan!.headers).toMatchObject({ Host: 'lab.local:8080', 'X-Rollproof-Run': 'test-run' });
  });

  it('leaves lane reuse out where Go would hide its failures, on record, and never silently runs it', () => {
    const { service, traffic } = workload();
    expect(trafficForK6(service, traffic)!.lanes).toMatchObject({
      newWeight: 1,
      reuseWeight: 0,
      leftOut: ['reuse'],
    });
    const givenUp = { ...traffic, lanes: { ...traffic.lanes, reuseWeight: 0 } };
    expect(trafficForK6(service, givenUp)).toBe(givenUp);
    expect(() => probePlans(workload())).toThrow(/cannot vouch for lane reuse with GET/);
    expect(trafficForK6({ ...service, method: 'POST' }, traffic)).toBe(traffic);
    expect(
      trafficForK6({ ...service, method: 'POST', headers: { 'idempotency-key': '1' } }, traffic)!.lanes.reuseWeight,
    ).toBe(0);
    expect(trafficForK6(service, { ...traffic, lanes: { newWeight: 0, reuseWeight: 1, long: null } })).toBeNull();
  });

  it('refuses what k6 would do in another way than asked', () => {
    const https = { url: 'https://example.test/', method: 'POST' };
    expect(() =>
      probePlans(workload({ service: https, traffic: { resolve: { 'example.test': ['127.0.0.1'] } } })),
    ).toThrow(/https/);
    expect(() =>
      probePlans(
        workload({ service: https, traffic: { tls: { caFile: null, serverName: 'other', insecure: false } } }),
      ),
    ).toThrow(/serverName/);
    expect(() =>
      probePlans(workload({ service: { method: 'POST' }, traffic: { injectStall: { atMs: 1, durationMs: 1 } } })),
    ).toThrow(/stall/);
  });
});
