import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { codeMeaning } from '../../../src/evidence/classify-codes.js';
import { LineSplitter } from '../../../src/traffic/foreign/line-splitter.js';
import { k6Error } from '../../../src/traffic/k6/k6-errors.js';
import { k6LineKind, parseDropRow, parseProbeRow } from '../../../src/traffic/k6/probe-row.js';

/** Recorded from k6 v2.2.0 against a peer that refuses, resets, truncates, hangs and answers 503 (README beside it). */
const recorded = readFileSync(new URL('../fixtures/k6/probe.csv', import.meta.url));

function rows(chunkBytes: number) {
  const splitter = new LineSplitter();
  const probes: NonNullable<ReturnType<typeof parseProbeRow>>[] = [];
  const drops: NonNullable<ReturnType<typeof parseDropRow>>[] = [];
  for (let at = 0; at < recorded.length; at += chunkBytes)
    splitter.push(Buffer.from(recorded.subarray(at, at + chunkBytes)), (bytes, from, to) => {
      const line = bytes.toString('utf8', from, to);
      const kind = k6LineKind(bytes, from, to);
      if (kind === 'probe') probes.push(parseProbeRow(line)!);
      if (kind === 'dropped') drops.push(parseDropRow(line)!);
    });
  return { probes, drops };
}

describe('rows of the probe, as real k6 wrote them', () => {
  it('reads the same rows however the stream is cut', () => {
    const whole = rows(recorded.length);
    expect(whole.probes).not.toContain(null);
    expect(rows(1)).toEqual(whole);
    expect(rows(37)).toEqual(whole);
  });

  it('numbers each lane: rows, the one cut at the end and drops are the plan of 2 s', () => {
    const { probes, drops } = rows(4096);
    for (const [lane, slots] of [
      ['new', 80],
      ['long', 5],
    ] as const) {
      const numbers = probes.filter((p) => p.record.lane === lane).map((p) => p.record.number);
      expect(new Set(numbers).size).toBe(numbers.length);
      // One request hung when the recording ended: its number has no row, which is how a lost row looks.
      const cut = Math.max(...numbers) + 1 - numbers.length;
      expect(cut).toBe(lane === 'new' ? 1 : 0);
      const dropped = drops.filter((d) => d.lane === lane).reduce((sum, d) => sum + d.count, 0);
      expect(Math.abs(numbers.length + cut + dropped - slots)).toBeLessThanOrEqual(1);
    }
  });

  it('places every request between its due time and its end', () => {
    for (const { record } of rows(4096).probes) {
      expect(record.sentAt).toBeGreaterThan(record.scheduledAt - 2);
      expect(record.endedAt).toBeGreaterThanOrEqual(record.sentAt);
      if (record.status > 0) expect(record.firstByteAt).toBeLessThanOrEqual(record.endedAt + 0.01);
    }
  });

  it('tells every way to fail apart, in the words of the taxonomy', () => {
    const seen = new Map(rows(4096).probes.map(({ record: r }) => [r.error, r]));
    const classes = [...seen.keys()].filter((e) => e !== null).map((e) => [e, codeMeaning(e!, '')]);
    expect(Object.fromEntries(classes)).toEqual({
      'k6:1212': { class: 'refused' },
      'k6:1000 EOF': { class: 'reset' },
      'k6:1000 unexpected EOF': { class: 'reset' },
      'k6:1220': { class: 'reset' },
      'k6:1050': { class: 'timeout' },
    });
    expect(seen.get('k6:1000 unexpected EOF')!.errorPhase).toBe('body');
    expect(seen.get('k6:1212')!.errorPhase).toBe('connect');
  });

  it('keeps identity headers and the reason phrase whatever bytes they hold', () => {
    const { probes } = rows(4096);
    const ok = probes.find((p) => p.record.status === 200 && p.record.target !== '')!.record;
    expect(ok).toMatchObject({ target: 'staging-1', version: 'v1', bootId: 'b,1&2=3"', error: null });
    const refused = probes.find((p) => p.record.status === 503)!.record;
    expect(refused).toMatchObject({
      statusText: 'Service Unavailable: Back-end server is at capacity',
      server: 'awselb/2.0',
      error: null,
    });
  });

  it('refuses what is not whole', () => {
    expect(parseProbeRow('rollproof,1795346233955000000,1.0,new,,r=1|new|0|1795')).toBeNull();
    expect(parseProbeRow('rollproof,1795346233955000000,1.0,new,,')).toBeNull();
    expect(parseDropRow('dropped_iterations,1795346233955,1.000000,new,,')).toBeNull();
    expect(parseDropRow('dropped_iterations,1795346233955000000,1.000000,other,,')).toBeNull();
  });
});

describe('k6 error codes', () => {
  it('keeps nothing of a message but known words', () => {
    expect(k6Error(1000, 'Get "http://10.0.0.1:1": http: server closed idle connection')).toEqual({
      error: 'k6:1000 server closed idle connection',
      phase: 'headers',
    });
    expect(k6Error(1000, 'some <b>text</b>').error).toBe('k6:1000');
    expect(k6Error(1503, '').error).toBeNull();
    expect(k6Error(1101, '')).toEqual({ error: 'k6:1101', phase: 'dns' });
  });
});
