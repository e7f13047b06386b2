import { describe, expect, it } from 'vitest';
import { AddressBook, type Lookup } from '../../../src/traffic/embedded/address-book.js';

function book(url: string, resolve: Record<string, readonly string[]> = {}) {
  const asked: { host: string; done: Parameters<Lookup>[1] }[] = [];
  let settled = 0;
  const made = new AddressBook({
    url: new URL(url),
    resolve,
    lookup: (host, done) => asked.push({ host, done }),
    pickAt: (k) => (k % 10) / 10,
    patienceMs: 2000,
    settled: () => settled++,
  });
  return { made, asked, settled: () => settled };
}

describe('AddressBook', () => {
  it('needs no resolver for an IP address or given addresses', () => {
    const plain = book('http://127.0.0.1/');
    plain.made.refresh(0);
    expect(plain.asked).toHaveLength(0);
    expect(plain.made.pick(0)).toEqual({ ip: '127.0.0.1', port: 80, family: 4 });
    expect(book('https://[::1]/').made.pick(0)).toEqual({ ip: '::1', port: 443, family: 6 });
    const given = book('http://Service.test:81/', {
      'SERVICE.test': ['10.0.0.1', '10.0.0.2:9000', '[fe80::1]:7', '::2'],
    });
    expect([0, 3, 5, 8].map((k) => given.made.pick(k))).toEqual([
      { ip: '10.0.0.1', port: 81, family: 4 },
      { ip: '10.0.0.2', port: 9000, family: 4 },
      { ip: 'fe80::1', port: 7, family: 6 },
      { ip: '::2', port: 81, family: 6 },
    ]);
    for (const bad of ['name', '10.0.0.1:0', '10.0.0.1:99999', '10.0.0.1:', '[::1', '']) {
      expect(() => book('http://s.test/', { 's.test': [bad] }), bad).toThrow(/traffic.resolve/);
    }
  });
  it('asks at once, then every second, one question at a time, and follows the answers', () => {
    const { made, asked, settled } = book('http://s.test/');
    expect(made.pick(0)).toBeNull();
    made.refresh(0);
    made.refresh(500);
    made.refresh(1500);
    expect(asked.map((a) => a.host)).toEqual(['s.test']);
    expect(made.failure).toBeNull();
    asked[0]!.done(null, ['::1', '10.0.0.1', '10.0.0.2']);
    expect(settled()).toBe(1);
    expect([made.pick(0)!.ip, made.pick(9)!.ip]).toEqual(['10.0.0.1', '10.0.0.2']);
    made.refresh(1500);
    expect(asked).toHaveLength(2);
    expect(made.pick(0)!.ip).toBe('10.0.0.1');
    asked[1]!.done(null, ['10.0.0.9']);
    expect(made.pick(0)!.ip).toBe('10.0.0.9');
    made.refresh(2400);
    expect(asked).toHaveLength(2);
  });
  it('passes the resolver’s code on until a look-up succeeds, tried every 100 ms', () => {
    const { made, asked } = book('http://s.test/');
    made.refresh(0);
    asked[0]!.done(null, ['10.0.0.1']);
    made.refresh(1000);
    asked[1]!.done('ENOTFOUND', null);
    expect([made.pick(0), made.failure]).toEqual([null, 'ENOTFOUND']);
    made.refresh(1099);
    expect(asked).toHaveLength(2);
    made.refresh(1100);
    asked[2]!.done(null, ['10.0.0.2']);
    expect([made.pick(0)!.ip, made.failure]).toEqual(['10.0.0.2', null]);
  });
  it('takes no address for a failure, and a look-up that hangs for EAI_AGAIN until it answers', () => {
    const { made, asked, settled } = book('http://s.test/');
    made.refresh(0);
    made.refresh(2001);
    expect([made.failure, settled()]).toEqual(['EAI_AGAIN', 1]);
    made.refresh(2500);
    expect([asked.length, settled()]).toEqual([1, 1]);
    asked[0]!.done(null, []);
    expect(made.failure).toBe('ENOTFOUND');
    made.refresh(2600);
    asked[1]!.done(null, ['::1']);
    expect(made.pick(0)).toEqual({ ip: '::1', port: 80, family: 6 });
  });
});
