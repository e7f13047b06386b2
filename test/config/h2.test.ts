import { describe, expect, it } from 'vitest';
import { type Bad, itRefuses } from './bad.js';
import { load, variant } from './memory-io.js';

const over = (traffic: string, url = 'https://shop.example/', more: Readonly<Record<number, string>> = {}) =>
  variant({
    3: `  url: ${url}`,
    1: 'name: shop\nenvironment: staging',
    5: '  kind: haproxy\n  socket: /run/haproxy.sock\n  backend: shop',
    13: `  rate: 200/s\n  ${traffic}`,
    ...more,
  });

const BAD: readonly Bad[] = [
  {
    what: 'no TLS',
    text: over('lanes: { h2: 1 }', 'http://shop.example/'),
    at: [17, 16],
    path: 'traffic.lanes.h2',
    message: /over TLS only/,
    hint: /https/,
  },
  {
    what: 'k6',
    text: over('lanes: { h2: 1 }\n  engine: k6', undefined, { 2: 'service:\n  method: POST' }),
    at: [18, 16],
    path: 'traffic.lanes.h2',
    message: /k6 does not run lane h2/,
    hint: /embedded/,
  },
  {
    what: 'JMeter',
    text: over('lanes: { h2: 1 }\n  engine: jmeter\n  tls: { insecure: true }'),
    at: [17, 16],
    path: 'traffic.lanes.h2',
    message: /jmeter does not run lane h2/,
    hint: /h2: 0/,
  },
];

describe('traffic.lanes.h2', () => {
  itRefuses(BAD);

  it('is a weight like the others, and is not there at all while it is 0', () => {
    const { scenario, warnings } = load(over('lanes: { h2: 2 }\n  timeout: 1s'));
    expect(scenario.traffic.lanes).toEqual({ newWeight: 1, reuseWeight: 1, h2Weight: 2, long: null });
    expect(warnings).toEqual([]);
    expect(load(over('lanes: { h2: 0 }')).scenario.traffic.lanes).not.toHaveProperty('h2Weight');
  });

  it('stands for kept connections, and may be all there is', () => {
    const kept = load(over('lanes: { reuse: 0, h2: 1 }\n  timeout: 1s'));
    expect(kept.warnings).toEqual([]);
    const alone = load(over('lanes: { new: 0, reuse: 0, h2: 1 }\n  timeout: 500ms'));
    expect(alone.warnings.map(({ path }) => path)).toEqual(['traffic.lanes.new']);
  });

  it('warns of streams that an ALB has no place for when the service hangs', () => {
    const { warnings } = load(over('lanes: { h2: 2 }\n  timeout: 2s'));
    expect(warnings.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      expect.stringMatching(/^traffic\.lanes\.h2: in an outage 200 streams .* takes 128 .* dropped$/),
    ]);
  });
});
