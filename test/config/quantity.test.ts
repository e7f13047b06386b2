import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDuration, readNumber, readRate, readRatio, readStatusRange } from '../../src/config/quantity.js';

describe('durations', () => {
  it.each([
    ['60s', 60_000],
    ['500ms', 500],
    ['1m30s', 90_000],
    ['2h', 7_200_000],
    ['1h2m3s4ms', 3_723_004],
    ['1.5s', 1500],
    ['.5s', 500],
    ['60', 60_000],
    ['0.25', 250],
    ['0', 0],
    [' 5s ', 5000],
  ])('%s', (text, ms) => expect(readDuration(text)).toEqual({ ok: true, value: ms }));
  it('counts bare numbers in ms where the key says so', () => {
    expect(readDuration('500', 'ms')).toEqual({ ok: true, value: 500 });
    expect(readDuration('2s', 'ms')).toEqual({ ok: true, value: 2000 });
  });
  it.each([
    ['60 sec', /not a duration/, 'write 60s, 500ms or 1m30s'],
    ['5 minutes', /not a duration/, 'write 5m, 60s or 500ms'],
    ['30s1m', /not a duration/, 'write 60s, 500ms or 1m30s'],
    ['1s1s', /not a duration/, 'write 60s, 500ms or 1m30s'],
    ['1m 30s', /not a duration/, 'write 60s, 500ms or 1m30s'],
    ['', /not a duration/, 'write 60s, 500ms or 1m30s'],
    ['Infinity', /not a duration/, 'write 60s, 500ms or 1m30s'],
    ['-5s', /not a duration/, 'write 60s, 500ms or 1m30s'],
    ['-5', /negative/, 'write 60s, 500ms, 1m30s or 2h'],
    ['1e99', /more than a day/, 'write 60s, 500ms, 1m30s or 2h'],
    ['25h', /more than a day/, 'write 60s, 500ms, 1m30s or 2h'],
  ])('refuses %s', (text, message, hint) => {
    const result = readDuration(text);
    expect(result).toMatchObject({ ok: false, hint });
    expect(result.ok ? '' : result.message).toMatch(message);
  });
  it('reads back what it would write', () => {
    fc.assert(
      fc.property(fc.nat(23), fc.nat(59), fc.nat(59), fc.nat(999), (h, m, s, ms) => {
        const text = `${h}h${m}m${s}s${ms}ms`;
        expect(readDuration(text)).toEqual({ ok: true, value: ((h * 60 + m) * 60 + s) * 1000 + ms });
      }),
    );
  });
});

describe('rates', () => {
  it.each([
    ['200/s', 200],
    ['12000/m', 200],
    ['120 / min', 2],
    ['3600/h', 1],
    ['0.5', 0.5],
    ['100000', 100_000],
  ])('%s', (text, perSecond) => expect(readRate(text)).toEqual({ ok: true, value: perSecond }));
  it.each(['0', '0/s', '-1', '200 rps', '200/d', '', 'NaN', '1e999', '100001/s', '1e-999'])('refuses %s', (text) => {
    expect(readRate(text).ok).toBe(false);
  });
});

describe('ratios, numbers, status codes', () => {
  it.each([
    ['99.9%', 0.999],
    ['0.999', 0.999],
    ['99.99 %', 0.9999],
    ['0', 0],
    ['100%', 1],
    ['0.1%', 0.001],
  ])('%s', (text, value) => expect(readRatio(text)).toEqual({ ok: true, value }));
  it('writes any percentage as the same number as its decimal', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), (thousandths) => {
        const result = readRatio(`${thousandths / 1000}%`);
        expect(result).toEqual({ ok: true, value: Number(`${thousandths}e-5`) });
      }),
    );
  });
  it.each(['99.9', '-1%', '101%', 'half', '%', '', '1.0.0'])('refuses %s', (text) =>
    expect(readRatio(text).ok).toBe(false),
  );
  it('keeps numbers in range and whole', () => {
    const range = { min: 0, max: 10, whole: true };
    expect(readNumber('10', range)).toEqual({ ok: true, value: 10 });
    for (const text of ['11', '-1', '1.5', 'x', '', '0x5', '1_0']) expect(readNumber(text, range).ok).toBe(false);
  });
  it('reads status codes and ranges', () => {
    expect(readStatusRange('204')).toEqual({ ok: true, value: [204, 204] });
    expect(readStatusRange('200-399')).toEqual({ ok: true, value: [200, 399] });
    for (const text of ['99', '2xx', '600', '399-200', '200-', '']) expect(readStatusRange(text).ok).toBe(false);
  });
});
