import { describe, expect, it } from 'vitest';
import { redactScenario } from '../../src/config/redaction.js';
import { type Bad, itRefuses } from './bad.js';
import { load, variant } from './memory-io.js';

const written = (...lines: readonly string[]) =>
  variant({
    5: ['  kind: haproxy', ...lines, 'environment: staging'].join('\n  ').replace('  environment', 'environment'),
  });
const SOCKET = 'socket: /run/haproxy/admin.sock';

describe('a HAProxy backend', () => {
  it('needs a socket and a backend, and has defaults for the rest', () => {
    const { scenario, warnings } = load(written(SOCKET, 'backend: web'));
    expect(scenario.balancer).toEqual({
      kind: 'haproxy',
      name: 'web',
      socket: '/run/haproxy/admin.sock',
      drainTimeoutMs: 60_000,
      afterDrain: 'maint',
      checkIntervalMs: null,
    });
    expect(warnings).toEqual([]);
    expect(redactScenario(scenario).balancer).toEqual(scenario.balancer);
  });

  it('takes host:port and its own times', () => {
    const text = written(
      'socket: 127.0.0.1:9999',
      'backend: web',
      'drainTimeout: 5m',
      'checkInterval: 2s',
      'afterDrain: drain',
    );
    expect(load(text).scenario.balancer).toMatchObject({
      socket: '127.0.0.1:9999',
      drainTimeoutMs: 300_000,
      afterDrain: 'drain',
      checkIntervalMs: 2_000,
    });
  });
});

const BAD: readonly Bad[] = [
  {
    what: 'a socket that is neither a path nor host:port',
    text: written('socket: haproxy.sock', 'backend: web'),
    at: [6, 11],
    path: 'balancer.socket',
    message: /is not a socket/,
    hint: /stats socket/,
  },
  {
    what: 'a backend that could carry a command',
    text: written(SOCKET, 'backend: "web; shutdown sessions server web/s1"'),
    at: [7, 12],
    path: 'balancer.backend',
    message: /is not a name HAProxy can have/,
    hint: /after the word backend/,
  },
  {
    what: 'a server that could carry a command',
    text: written(SOCKET, 'backend: web').replace(/instance: [^ }]+/, 'instance: "s1 s2"'),
    at: [10, 24],
    path: 'targets[0].instance',
    message: /./,
    hint: /./,
  },
];
describe('a HAProxy block that cannot be', () => itRefuses(BAD));
