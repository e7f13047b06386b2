import { describe, expect, it } from 'vitest';
import { type HaproxyOptions, haproxyBalancer } from '../../src/balancer/haproxy.js';
import { askHaproxy, haproxyAddress } from '../../src/balancer/haproxy-socket.js';
import { RollproofError } from '../../src/domain/errors.js';
import { fakeClock } from '../support/fake-clock.js';
import { haproxyApi } from './haproxy-api.js';

const signal = new AbortController().signal;
const one = { id: 'one', instance: 's1' };
const two = { id: 'two', instance: 's2' };

function rig(change: Partial<HaproxyOptions> = {}) {
  const api = haproxyApi();
  /** Ends when the test lets go of it: the drain watch sleeps in between. */
  const waiting: (() => void)[] = [];
  const clock = {
    ...fakeClock(),
    sleep: (ms: number, stop?: AbortSignal) =>
      new Promise<void>((resolve) => {
        waiting.push(() => {
          clock.set(clock.now() + ms);
          resolve();
        });
        stop?.addEventListener('abort', () => resolve(), { once: true });
      }),
  };
  const balancer = haproxyBalancer({
    socket: '/run/haproxy/admin.sock',
    backend: 'web',
    drainTimeoutMs: 60_000,
    afterDrain: 'maint',
    checkIntervalMs: null,
    clock,
    ask: api.ask,
    ...change,
  });
  const tick = async () => {
    for (const go of waiting.splice(0)) go();
    for (let i = 0; i < 30; i++) await Promise.resolve();
  };
  const settle = async () => {
    for (let i = 0; i < 30; i++) await Promise.resolve();
  };
  const state = async () => (await balancer.health([one], signal))[0];
  return { ...api, balancer, clock, tick, settle, state };
}

describe('the HAProxy driver', () => {
  it('drains, and goes into maintenance only when nothing is in flight any more', async () => {
    const { balancer, servers, changes, tick, settle, state } = rig();
    Object.assign(servers.s1!, { scur: 2, qcur: 1 });
    await balancer.detach(one, signal);
    await settle();
    expect(changes()).toEqual(['set server web/s1 state drain']);
    expect(await state()).toEqual({
      target: 'one',
      state: 'draining',
      registered: false,
      reasonCode: 'DRAIN',
      description: 'HAProxy says DRAIN, 2 in flight, 1 queued',
    });
    servers.s1!.scur = 0;
    await tick();
    expect(changes()).toHaveLength(1);
    servers.s1!.qcur = 0;
    await tick();
    expect(changes()).toEqual(['set server web/s1 state drain', 'set server web/s1 state maint']);
    expect(await state()).toMatchObject({ state: 'unused', registered: false, reasonCode: 'MAINT' });
    balancer.close();
  });

  it('goes into maintenance at the drain timeout whatever is still in flight, and cuts nothing', async () => {
    const { balancer, servers, changes, tick, clock, settle } = rig();
    servers.s1!.scur = 1;
    await balancer.detach(one, signal);
    await settle();
    clock.set(59_000);
    await tick();
    expect(changes()).toHaveLength(1);
    clock.set(60_000);
    await tick();
    expect(changes()[1]).toBe('set server web/s1 state maint');
    expect(changes().join()).not.toContain('shutdown');
    balancer.close();
  });

  it('left in drain, a target is unused as soon as nothing is in flight', async () => {
    const { balancer, servers, changes, tick, settle, state } = rig({ afterDrain: 'drain' });
    servers.s1!.scur = 1;
    await balancer.detach(one, signal);
    await settle();
    expect(await state()).toMatchObject({ state: 'draining' });
    servers.s1!.scur = 0;
    await tick();
    expect(await state()).toMatchObject({ state: 'unused', registered: false });
    expect(changes()).toEqual(['set server web/s1 state drain']);
  });

  it('an attach makes a checked server earn its requests, from maintenance and from drain', async () => {
    const { balancer, servers, changes, state } = rig();
    servers.s1!.admin = 1;
    await balancer.attach(one, signal);
    expect(changes()).toEqual([
      'set server web/s1 state drain',
      'set server web/s1 health down',
      'set server web/s1 state ready',
    ]);
    expect(await state()).toMatchObject({ state: 'unhealthy', registered: true });
    servers.s1!.health = 1;
    expect(await state()).toMatchObject({ state: 'initial', registered: true, reasonCode: 'DOWN 1/2' });
    Object.assign(servers.s1!, { health: 3, op: 2 });
    expect(await state()).toMatchObject({ state: 'healthy', registered: true });
  });

  it('an attach of what is in service disturbs nobody, and one without checks is ready at once', async () => {
    const { balancer, servers, changes } = rig();
    await balancer.attach(one, signal);
    expect(changes()).toEqual([]);
    Object.assign(servers.s2!, { check: 0, admin: 8 });
    await balancer.attach(two, signal);
    expect(changes()).toEqual(['set server web/s2 state ready']);
  });

  it('an attach ends the drain: nothing puts the target into maintenance afterwards', async () => {
    const { balancer, servers, changes, tick, settle } = rig();
    servers.s1!.scur = 1;
    await balancer.detach(one, signal);
    await settle();
    await balancer.attach(one, signal);
    servers.s1!.scur = 0;
    await tick();
    await tick();
    expect(changes().at(-1)).toBe('set server web/s1 state ready');
    expect(changes().join()).not.toContain('maint');
  });

  it('leaves a server in the maintenance somebody else has put it into', async () => {
    const { balancer, servers, changes } = rig();
    servers.s1!.admin = 1;
    await balancer.detach(one, signal);
    expect(changes()).toEqual([]);
  });

  it('no name reaches the socket that could carry a command', async () => {
    const { balancer, sent } = rig();
    for (const instance of ['s1; shutdown sessions server web/s2', 's1\nset server web/s2 state maint', 's 1', '']) {
      const target = { id: 'x', instance };
      await expect(balancer.detach(target, signal)).rejects.toMatchObject({ code: 'SCENARIO_INVALID' });
      await expect(balancer.attach(target, signal)).rejects.toMatchObject({ code: 'SCENARIO_INVALID' });
      await expect(balancer.health([target], signal)).rejects.toMatchObject({ code: 'SCENARIO_INVALID' });
    }
    expect(sent.filter((line) => line.startsWith('set'))).toEqual([]);
    expect(() => rig({ backend: 'web;help' })).toThrow(/is not a name HAProxy can have/);
    await expect(askHaproxy('/nonexistent')('show info\nshow stat', signal)).rejects.toMatchObject({
      code: 'INTERNAL',
    });
  });

  it('says what HAProxy refuses and what to check', async () => {
    const { balancer, refuse } = rig();
    await expect(balancer.detach({ id: 'x', instance: 's9' }, signal)).rejects.toMatchObject({
      code: 'BALANCER_REFUSED',
      message: 'backend web of HAProxy has no server s9 (x)',
      hint: expect.stringContaining('it has s1, s2'),
    });
    refuse.set(/state drain/, 'Permission denied\n\n');
    await expect(balancer.detach(one, signal)).rejects.toMatchObject({
      code: 'BALANCER_REFUSED',
      hint: expect.stringContaining('level admin'),
    });
    await expect(rig({ backend: 'nope' }).balancer.describe(signal)).rejects.toMatchObject({
      message: "HAProxy refused (nope): Can't find backend.",
      hint: 'check balancer.backend (nope)',
    });
    refuse.set(/show stat/, 'something new\n');
    await expect(balancer.health([one], signal)).rejects.toMatchObject({ message: /not known/ });
  });

  it('quotes the command a person would run by hand', () => {
    expect(rig().balancer.attachCommand(one)).toBe(
      "echo 'set server web/s1 state ready' | socat - UNIX-CONNECT:/run/haproxy/admin.sock",
    );
    expect(rig({ socket: '127.0.0.1:9999' }).balancer.attachCommand(one)).toContain('socat - TCP:127.0.0.1:9999');
  });
});

describe('a HAProxy that is started anew', () => {
  it('and sends requests to what was taken out is an end of the roll, until that is attached again', async () => {
    const { balancer, servers, proxy, settle } = rig();
    await balancer.detach(one, signal);
    await settle();
    Object.assign(proxy, { pid: 101, uptimeS: 0 });
    Object.assign(servers.s1!, { admin: 0, op: 2 });
    for (let again = 0; again < 2; again++)
      await expect(balancer.health([two], signal)).rejects.toMatchObject({
        code: 'BALANCER_REFUSED',
        message: 'HAProxy was started anew (process 100, now 101) and sends requests to one again, which was taken out',
      });
    await expect(balancer.detach(two, signal)).rejects.toMatchObject({ code: 'BALANCER_REFUSED' });
    await balancer.attach(one, signal);
    expect(await balancer.health([one, two], signal)).toHaveLength(2);
    balancer.close();
  });

  it('and kept its states is noticed once, as something that passes', async () => {
    const { balancer, proxy, settle } = rig();
    await balancer.detach(one, signal);
    await settle();
    proxy.uptimeS = 1;
    await expect(balancer.health([one], signal)).rejects.toMatchObject({
      code: 'BALANCER_UNREACHABLE',
      message: /started anew \(process 100, now 100\); nobody who was taken out is back/,
    });
    expect((await balancer.health([one], signal))[0]).toMatchObject({ registered: false });
    balancer.close();
  });
});

describe('what the HAProxy driver tells the preflight', () => {
  it('is what the runtime API knows', async () => {
    const { balancer } = rig({ checkIntervalMs: 2_000 });
    expect(await balancer.describe(signal)).toEqual({
      kind: 'haproxy',
      name: 'web',
      dnsName: null,
      members: ['s1', 's2'],
      outside: {},
      drainingEnabled: true,
      drainTimeoutMs: 60_000,
      drainEnds: false,
      idleTimeoutMs: null,
      crossZone: null,
      zones: [],
      elsewhere: {},
      balances: 'requests',
      leaveMs: 0,
      joinMs: 2_000,
      healthCheck: {
        target: 'check',
        intervalMs: 2_000,
        timeoutMs: 2_000,
        healthyThreshold: 2,
        unhealthyThreshold: 3,
      },
      cautions: [],
    });
    expect(await rig().balancer.describe(signal)).toMatchObject({ healthCheck: null });
  });

  it('names who is out and why, other backends with the same server, and what a roll should know', async () => {
    const { balancer, servers, others, proxy, fresh } = rig();
    servers.s1!.admin = 5;
    Object.assign(servers.s2!, { check: 0, cookie: 'b' });
    others.api = fresh(82);
    others.gone = { ...fresh(81), admin: 1 };
    Object.assign(proxy, { algorithm: 'source', mode: 'tcp' });
    const facts = await balancer.describe(signal);
    expect(facts).toMatchObject({
      members: ['s2'],
      outside: { s1: 'in maintenance (MAINT)' },
      elsewhere: { s2: ['backend other'] },
      balances: 'connections',
    });
    expect(facts.cautions).toEqual([
      expect.stringMatching(/balances by 'source'/),
      expect.stringMatching(/does not check s2: an attached target gets requests at once/),
      expect.stringMatching(/cookie at s2/),
    ]);
  });

  it('refuses a socket that may change nothing', async () => {
    const { balancer, proxy } = rig();
    proxy.level = 'operator';
    await expect(balancer.describe(signal)).rejects.toMatchObject({
      code: 'BALANCER_REFUSED',
      hint: expect.stringContaining('level admin'),
    });
  });
});

describe('the address of the runtime API', () => {
  it.each([
    ['/run/haproxy/admin.sock', { path: '/run/haproxy/admin.sock' }],
    ['127.0.0.1:9999', { host: '127.0.0.1', port: 9999 }],
    ['[::1]:9999', { host: '::1', port: 9999 }],
    ['lb-1.example.com:80', { host: 'lb-1.example.com', port: 80 }],
    ['run/haproxy.sock', null],
    ['lb:0', null],
    ['lb:70000', null],
    [`/${'x'.repeat(103)}`, null],
  ])('%s', (written, address) => expect(haproxyAddress(written)).toEqual(address));

  it('that nobody listens on is out of reach, with what to look for', async () => {
    const missing = askHaproxy('/nonexistent/admin.sock')('show info', signal);
    await expect(missing).rejects.toMatchObject({
      code: 'BALANCER_UNREACHABLE',
      message: 'there is no HAProxy socket at /nonexistent/admin.sock',
      hint: expect.stringContaining('stats socket'),
    });
    await expect(askHaproxy('127.0.0.1:9')('show info', signal)).rejects.toBeInstanceOf(RollproofError);
  });
});
