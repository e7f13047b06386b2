import { describe, expect, it } from 'vitest';
import type { NodeGroupRequest } from '../../src/lab/elb/account.js';
import type { NodeViewOptions } from '../../src/lab/elb/node-view-port.js';
import { startNodeGroup } from '../../src/lab/node-group.js';
import { FakeNode, FakeTimers } from './fakes.js';

const TRAITS = {
  connectRetries: 0,
  preopen: 0,
  surgeQueue: 10,
  certificate: { certPem: '', keyPem: '' },
} as const;
const REQUEST: NodeGroupRequest = {
  name: 'web',
  flavour: 'clb',
  listener: { protocol: 'HTTP', backendProtocol: 'HTTP', port: 0, certificateId: null },
  count: 3,
  health: {
    kind: 'tcp',
    path: '/',
    intervalMs: 1,
    timeoutMs: 1,
    unhealthyThreshold: 2,
    healthyThreshold: 2,
    initialChecks: 1,
  },
  idleTimeoutMs: 60_000,
  onHealthChange: () => {},
};

/** A machine on which `refuses` says which starts fail, with what code. */
function machine(refuses: (options: NodeViewOptions, start: number) => string | null) {
  const started: { host: string; port: number; node: FakeNode }[] = [];
  let starts = 0;
  const start = async (options: NodeViewOptions): Promise<FakeNode> => {
    const code = refuses(options, starts++);
    if (code !== null) throw Object.assign(new Error(`listen ${code}`), { code });
    const node = new FakeNode(options, new FakeTimers());
    const port = options.port === 0 ? 5000 + starts : options.port;
    Object.assign(node, { host: options.host, port });
    started.push({ host: options.host, port, node });
    return node;
  };
  const open = (): string[] => started.filter(({ node }) => !node.closed).map(({ host, port }) => `${host}:${port}`);
  return { start, open };
}

describe('node group', () => {
  it('gives each node an address and all the same port', async () => {
    const { start, open } = machine(() => null);
    const group = await startNodeGroup(start, TRAITS, REQUEST, '7');
    expect(open()).toEqual(['127.0.0.2:5001', '127.0.0.3:5001', '127.0.0.4:5001']);
    expect(group.note).toBeNull();
  });

  it('lets only the last node leave, and gives all the data plane asked for', async () => {
    const options: NodeViewOptions[] = [];
    const { start } = machine((given) => {
      options.push(given);
      return null;
    });
    await startNodeGroup(start, { ...TRAITS, lastNodeLeavesMs: 900, flavour: 'nlb' }, REQUEST, '7');
    expect(options.map(({ faults }) => faults?.leavesMs)).toEqual([0, 0, 900]);
    expect(options.map(({ flavour }) => flavour)).toEqual(['nlb', 'nlb', 'nlb']);
  });

  it('tries another port when one is taken on a later address, closing what it had', async () => {
    const { start, open } = machine((_options, count) => (count === 2 ? 'EADDRINUSE' : null));
    const group = await startNodeGroup(start, TRAITS, REQUEST, '7');
    expect(open()).toEqual(['127.0.0.2:5004', '127.0.0.3:5004', '127.0.0.4:5004']);
    expect(group.views).toHaveLength(3);
  });

  it('shares 127.0.0.1 where there is no other address, and says so', async () => {
    const { start, open } = machine(({ host }) => (host === '127.0.0.1' ? null : 'EADDRNOTAVAIL'));
    const group = await startNodeGroup(start, TRAITS, REQUEST, '7');
    expect(open()).toEqual(['127.0.0.1:5002', '127.0.0.1:5003', '127.0.0.1:5004']);
    expect(group.note).toMatch(/127\.0\.0\.2 and up cannot be used here \(EADDRNOTAVAIL\)/);
  });

  it('gives up on anything else, and on ports that are never free', async () => {
    await expect(startNodeGroup(machine(() => 'EMFILE').start, TRAITS, REQUEST, '7')).rejects.toThrow('EMFILE');
    const crowded = machine(({ host }) => (host === '127.0.0.3' ? 'EADDRINUSE' : null));
    await expect(startNodeGroup(crowded.start, TRAITS, REQUEST, '7')).rejects.toThrow('EADDRINUSE');
    expect(crowded.open()).toEqual([]);
  });
});
