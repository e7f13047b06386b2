import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OkRule } from '../../../src/domain/scenario.js';
import { BatchUnpacker, type Row, SampleColumns } from '../../../src/traffic/embedded/columns.js';
import { Dictionary } from '../../../src/traffic/embedded/dictionary.js';
import { Pulse } from '../../../src/traffic/embedded/pulse.js';
import { Tally } from '../../../src/traffic/embedded/tally.js';
import { rowsOf } from './rows.js';

const row: Row = {
  seq: 0,
  lane: 0,
  scheduledAt: 1,
  sentAt: 2,
  connectedAt: 3,
  firstByteAt: 4,
  endedAt: 5,
  status: 200,
  statusText: 0,
  server: 0,
  error: 0,
  errorPhase: 0,
  bodyBytes: 0,
  bodyOk: 2,
  target: 0,
  version: 0,
  bootId: 0,
  remoteIp: 0,
  localPort: 0,
  connectionId: 0,
  request: 0,
  connectionUse: 0,
};

describe('Dictionary', () => {
  it('gives equal bytes equal codes and back the text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 50 }), (texts) => {
        const d = new Dictionary();
        const latin = texts.map((t) => Buffer.from(t, 'latin1').toString('latin1'));
        const codes = latin.map((t) => d.codeOfText(t));
        latin.forEach((t, i) => {
          expect(d.codeOfText(t)).toBe(codes[i]);
          expect(d.textOf(codes[i]!)).toBe(t);
        });
        expect(d.size).toBe(new Set(latin).size + 1);
      }),
    );
  });
  it('holds at most 1,000 values of 256 bytes, then says (other), and still knows the old ones', () => {
    const d = new Dictionary();
    for (let i = 0; i < 5000; i++) d.codeOfText(`${i}-${'x'.repeat(400)}`);
    expect(d.size).toBe(1002);
    expect(d.textOf(d.codeOfText('something new'))).toBe('(other)');
    expect(d.textOf(d.codeOfText(`7-${'x'.repeat(400)}`))).toBe(`7-${'x'.repeat(254)}`);
  });
  it('takes empty for absent and hands each new value out once', () => {
    const d = new Dictionary();
    expect(d.codeOfText('')).toBe(0);
    expect(d.textOf(0)).toBeNull();
    d.codeOfText('a');
    d.codeOfText('b');
    expect(d.takeNew()).toEqual(['a', 'b']);
    expect(d.takeNew()).toEqual([]);
    d.codeOfText('c');
    expect(d.takeNew()).toEqual(['c']);
  });
});

describe('SampleColumns and BatchUnpacker', () => {
  it('carry every column over, dictionaries as deltas, earlier batches unchanged', () => {
    const columns = new SampleColumns(4);
    const unpacker = new BatchUnpacker();
    expect(columns.take()).toBeNull();
    const { target, error } = columns.dictionaries;
    columns.add({
      ...row,
      seq: 7,
      lane: 1,
      target: target.codeOfText('a'),
      bodyBytes: 2 ** 40,
      status: 503,
      localPort: 65_535,
    });
    columns.add({
      ...row,
      seq: 3,
      scheduledAt: 0.1 + 0.2,
      sentAt: Number.NaN,
      error: error.codeOfText('ECONNRESET'),
      errorPhase: 6,
      bodyOk: 1,
    });
    const first = unpacker.unpack(columns.take()!);
    columns.add({ ...row, seq: 9, target: target.codeOfText('b'), connectionUse: 2 ** 32 - 1, connectionId: 5 });
    const packed = columns.take()!;
    expect(packed.newValues.target).toEqual(['b']);
    const second = unpacker.unpack(packed);
    expect(first.target.values).toEqual([null, 'a']);
    expect(second.target.values).toEqual([null, 'a', 'b']);
    const rows = rowsOf([first, second]);
    expect(rows.map((r) => r.seq)).toEqual([3, 7, 9]);
    expect(rows[0]).toMatchObject({
      scheduledAt: 0.1 + 0.2,
      sentAt: Number.NaN,
      error: 'ECONNRESET',
      errorPhase: 'body',
      bodyOk: 1,
      target: null,
    });
    expect(rows[1]).toMatchObject({
      lane: 'reuse',
      target: 'a',
      bodyBytes: 0xffffffff,
      status: 503,
      localPort: 65_535,
      error: null,
    });
    expect(rows[2]).toMatchObject({ target: 'b', connectionUse: 0xffffffff, connectionId: 5 });
  });
  it('never overwrites a row that was not taken', () => {
    const columns = new SampleColumns(1);
    columns.add(row);
    expect(columns.full).toBe(true);
    expect(() => columns.add(row)).toThrow(RangeError);
  });
});

describe('Pulse', () => {
  it('reports a silence beyond 50 ms as a stall from the last sign of life, and nothing shorter', () => {
    const pulse = new Pulse(0);
    pulse.woke(20, 21);
    pulse.alive(71);
    expect(pulse.takeStalls()).toEqual([]);
    pulse.alive(90);
    pulse.woke(110, 390.5);
    expect(pulse.takeStalls()).toEqual([{ from: 90, to: 390.5 }]);
    expect(pulse.takeStalls()).toEqual([]);
    expect(pulse.takeMaxDelayMs()).toBe(280.5);
    expect(pulse.takeMaxDelayMs()).toBe(0);
  });
});

describe('Tally', () => {
  it('counts ok by the rule, answers by target and the p99 within 5 %, per interval', () => {
    const targets = new Dictionary();
    const a = targets.codeOfText('a');
    const hostile = targets.codeOfText('__proto__');
    const rule: OkRule = {
      status: [
        [200, 299],
        [304, 304],
      ],
      bodyContains: 'x',
    };
    const tally = new Tally([rule, { status: [[201, 201]], bodyContains: null }]);
    for (let i = 1; i <= 100; i++) tally.count({ ...row, target: a, scheduledAt: 0, endedAt: i, bodyOk: 1 });
    tally.count({ ...row, status: 304, target: hostile, scheduledAt: 0, endedAt: 100_000, lane: 2 });
    tally.count({ ...row, status: 302 });
    tally.count({ ...row, status: 200, bodyOk: 0 });
    tally.count({ ...row, status: 200, error: 3 });
    // Each request by its own rule.
    tally.count({ ...row, status: 200, request: 1 });
    tally.count({ ...row, status: 201, request: 1, scheduledAt: 0, endedAt: 1 });
    const figures = tally.takeProgress(250, 7, targets);
    expect(figures).toMatchObject({
      ok: 102,
      failed: 4,
      inFlight: 7,
      intervalMs: 250,
      answeredBy: [
        ['a', 100],
        ['__proto__', 1],
      ],
    });
    expect(figures.latencyMsP99).toBeGreaterThanOrEqual(99);
    expect(figures.latencyMsP99).toBeLessThan(99 * 1.06);
    expect(tally.takeProgress(250, 0, targets)).toMatchObject({ ok: 102, answeredBy: [], latencyMsP99: 0 });
  });
});
