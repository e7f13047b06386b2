import { describe, expect, it } from 'vitest';
import { ownConfig } from '../../../src/lab/haproxy/own.js';
import { labOptionsOf } from '../../../src/lab/options.js';
import { labSettings } from '../../../src/lab/presets.js';

const { knobs } = labSettings('lab-fast', { kind: 'haproxy', healthIntervalMs: 300, connectRetries: 1 });
const server = { name: 'i-1', host: '127.0.0.1', port: 8081, disabled: false };

describe('the configuration of a HAProxy that is the balancer itself', () => {
  it('names its servers like the instances, checks them, and starts some outside', () => {
    const lines = ownConfig([server, { ...server, name: 'i-2', disabled: true }], knobs, '127.0.0.2', 8080).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        '  stats socket unix@admin.sock mode 600 level admin',
        '  bind 127.0.0.2:8080',
        '  option httpchk GET /health',
        '  default-server check inter 300 rise 2 fall 2 maxconn 2048',
        '  option redispatch 1',
        '  server i-1 127.0.0.1:8081',
        '  server i-2 127.0.0.1:8081 disabled',
      ]),
    );
  });

  it('takes no name and no address that could be more than that', () => {
    for (const name of ['i 1', 'i-1\n  bind :80', ''])
      expect(() => ownConfig([{ ...server, name }], knobs, '127.0.0.2', 8080)).toThrow(/name HAProxy can have/);
    expect(() => ownConfig([{ ...server, host: 'localhost' }], knobs, '127.0.0.2', 8080)).toThrow(/not an IP address/);
  });
});

describe('instances that start outside of the balancer', () => {
  const options = {
    preset: 'lab-fast',
    name: 'lab',
    region: 'us-east-1',
    seed: 1,
    knobs: {},
    version: 'v1',
    instances: [
      { target: 'a', instance: 'i-a' },
      { target: 'b', instance: 'i-b' },
    ],
  };

  it('are some of the lab’s own, and not all', () => {
    expect(labOptionsOf({ ...options, out: ['i-b'] })).toMatchObject({ out: ['i-b'] });
    expect(() => labOptionsOf({ ...options, out: ['i-c'] })).toThrow(/out must be a list of instances of the lab/);
    expect(() => labOptionsOf({ ...options, out: ['i-a', 'i-b'] })).toThrow(/must leave an instance in service/);
  });
});
