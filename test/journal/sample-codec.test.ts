import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ERROR_PHASES, LANES, LATER_USE, type SampleTable, UNJUDGED_COLUMNS } from '../../src/domain/sample.js';
import { batchOf as columnsOf } from '../../src/domain/sample-table.js';
import { sampleFile } from '../../src/journal/run-directory.js';
import { readSamples } from '../../src/journal/sample-reader.js';
import { openSampleWriter } from '../../src/journal/sample-writer.js';
import { OVERFLOW_TEXT } from '../../src/journal/value-codes.js';
import { batchOf, type Row, row, rowsOf } from './sample-fixtures.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'journal-'));
  mkdirSync(join(dir, 'samples'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function written(batches: readonly (readonly Row[])[], source = 'embedded', close = true): string {
  const file = sampleFile(dir, source);
  rmSync(file, { force: true });
  const writer = openSampleWriter(file, source);
  for (const rows of batches) expect(writer.append(batchOf(rows))).toBe(true);
  expect(writer.rows).toBe(batches.flat().length);
  if (close) writer.close();
  expect(writer.failed).toBeNull();
  return file;
}
const tableRows = (table: SampleTable): Row[] => rowsOf(columnsOf(table, 0, table.length));
const read = (): Row[] => tableRows(readSamples(dir).samples);
const range = (from: number, to: number): Row[] => Array.from({ length: to - from }, (_, i) => row(from + i));

const u = (max: number) => fc.integer({ min: 0, max });
const offset = fc.option(u(0xffff_ffff));
const anyRow = fc.record({
  lane: fc.constantFrom(...LANES),
  scheduledAt: fc.double({ min: 0, max: 1e7, noNaN: true }),
  offsetsUs: fc.tuple(offset, offset, offset, offset),
  status: u(0xffff),
  errorPhase: fc.constantFrom(...ERROR_PHASES),
  bodyBytes: u(0xffff_ffff),
  bodyOk: u(2),
  localPort: u(0xffff),
  connectionId: u(0xffff_ffff),
  connectionUse: u(0xffff_ffff),
  texts: fc.array(fc.option(fc.string({ unit: 'grapheme', maxLength: 6 })), { minLength: 7, maxLength: 7 }),
});

describe('sample streams', () => {
  test('any batches come back row for row, exact to 1 µs, sorted by schedule', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyRow, { maxLength: 9 }), { maxLength: 5 }), (shapes) => {
        let seq = 0;
        const batches = shapes.map((rows) => rows.map((shape): Row => ({ seq: seq++, ...shape })));
        written(batches);
        const expected = batches.flat().sort((a, b) => a.scheduledAt - b.scheduledAt || a.seq - b.seq);
        expect(read()).toEqual(expected);
        expect(readSamples(dir).streams).toEqual([{ source: 'embedded', rows: seq, complete: true }]);
      }),
      { numRuns: 150 },
    );
  });

  test('cut at every byte: whole batches only, never more rows, never an error, never complete', () => {
    const grown = [
      range(0, 3),
      range(3, 5).map((r) => ({ ...r, texts: ['Bad', null, 'E', 'x', 'v2', 'b', '::1'] })),
      range(5, 9),
    ];
    const file = written(grown);
    const whole = readFileSync(file);
    const seen = new Set<number>();
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(file, whole.subarray(0, length));
      const { samples, streams } = readSamples(dir);
      expect(streams[0]?.complete, `cut at ${length}`).toBe(false);
      seen.add(samples.length);
      expect(tableRows(samples)).toEqual(grown.flat().slice(0, samples.length));
    }
    expect([...seen]).toEqual([0, 3, 5, 9]);
    writeFileSync(file, Buffer.concat([whole, Buffer.from('x')]));
    expect(readSamples(dir).streams[0]).toEqual({ source: 'embedded', rows: 9, complete: false });
  }, 120_000);

  test('flipped bytes and garbage never throw and never add rows', () => {
    const file = written([range(0, 3), range(3, 6)]);
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at += 3) {
      const bent = Buffer.from(whole);
      bent[at] = [0xff, whole[at]! ^ 0x81, 0][(at / 3) % 3]!;
      writeFileSync(file, bent);
      expect(readSamples(dir).samples.length, `byte ${at}`).toBeLessThanOrEqual(6);
    }
    for (const garbage of [
      Buffer.alloc(64),
      Buffer.alloc(64, 0xff),
      Buffer.from('ARROW1\0\0not a stream'),
      Buffer.from('seq,lane\n0,new\n'),
    ]) {
      writeFileSync(file, garbage);
      expect(readSamples(dir)).toMatchObject({
        samples: { length: 0 },
        streams: [{ source: 'embedded', rows: 0, complete: false }],
      });
    }
  }, 120_000);

  test('a random garbage tail keeps the whole batches before it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (tail) => {
        const file = written([range(0, 4)], 'embedded', false);
        appendFileSync(file, tail);
        const { samples, streams } = readSamples(dir);
        expect(tableRows(samples)).toEqual(range(0, 4));
        expect(streams[0]!.complete).toBe(Buffer.from(tail).equals(Buffer.from('ffffffff00000000', 'hex')));
      }),
      { numRuns: 60 },
    );
  });

  test('sources are merged by schedule, then source, then seq', () => {
    const at = (seq: number, scheduledAt: number) => row(seq, { scheduledAt });
    written([[at(2, 10), at(0, 10), at(1, 0)]], 'k6-b');
    written([[at(0, 10)], [at(1, 4)]], 'k6-a');
    const { samples, streams } = readSamples(dir);
    const found = Array.from(samples.scheduledAt, (at, i) => [
      at,
      samples.source.values[samples.source.codes.at(i)],
      samples.seq.at(i),
    ]);
    expect(found).toEqual([
      [0, 'k6-b', 1],
      [4, 'k6-a', 1],
      [10, 'k6-a', 0],
      [10, 'k6-b', 0],
      [10, 'k6-b', 2],
    ]);
    expect(streams.map((s) => s.source)).toEqual(['k6-a', 'k6-b']);
  });

  test('a source name cannot leave the directory and is kept as it was', () => {
    written([range(0, 1)], '../../escape/ü');
    expect(readSamples(dir).streams[0]?.source).toBe('../../escape/ü');
  });

  test('a dictionary that never stops growing keeps every value, and its price stays bounded', () => {
    const batches = Array.from({ length: 12 }, (_, b) =>
      range(b * 600, b * 600 + 600).map((r) => ({ ...r, texts: [null, null, null, 's', `v${r.seq}`, null, null] })),
    );
    const file = written(batches);
    expect(read()).toEqual(batches.flat());
    expect(readFileSync(file).length).toBeLessThan(12 * 600 * 62 + 12 * 4096 * 12);
  });

  test('more distinct values than codes end in one overflow value, not in a wrong one', () => {
    const rows = range(0, 70_000).map((r) => ({ ...r, texts: [null, null, null, 's', `v${r.seq}`, null, null] }));
    const batches = Array.from({ length: 70 }, (_, b) => rows.slice(b * 1000, b * 1000 + 1000));
    written(batches);
    const versions = readSamples(dir).samples.version;
    for (let i = 0; i < versions.codes.length; i++)
      expect(versions.values[versions.codes.at(i)]).toBe(i < 65_534 ? `v${i}` : OVERFLOW_TEXT);
  });

  test('earlier than scheduled is stored as 0, later than 71 min as the largest', () => {
    written([[row(0, { offsetsUs: [-5, 0, 5e9, null] })]]);
    expect(read()[0]!.offsetsUs).toEqual([0, 0, 0xffff_ffff, null]);
  });

  test('a batch that contradicts itself is refused, kept as the error, and leaves no end marker', () => {
    const file = sampleFile(dir, 'bad');
    for (const bad of [
      { ...batchOf(range(0, 2)), lane: Uint8Array.of(0, 9) },
      { ...batchOf(range(0, 2)), seq: Uint32Array.of(0) },
      { ...batchOf(range(0, 2)), target: { codes: Uint16Array.of(0, 7), values: [null, 'a'] } },
    ]) {
      rmSync(file, { force: true });
      const writer = openSampleWriter(file, 'bad');
      expect(writer.append(batchOf(range(0, 2)))).toBe(true);
      expect(writer.append(bad)).toBe(false);
      expect(writer.append(batchOf(range(2, 3)))).toBe(false);
      expect(writer.failed).toMatchObject({ code: 'DISK_WRITE_FAILED' });
      writer.close();
      expect(readSamples(dir).streams).toEqual([{ source: 'bad', rows: 2, complete: false }]);
    }
  });

  test('a full disk is told by false and by the error, not by a throw', () => {
    expect(() => openSampleWriter('/dev/full', 'x')).toThrow(expect.objectContaining({ code: 'DISK_WRITE_FAILED' }));
  });

  test('an ordinary Arrow reader opens the stream by its documented column names', () => {
    const table = tableFromIPC(
      readFileSync(written([range(0, 2), range(2, 4).map((r) => ({ ...r, texts: ['x', ...r.texts.slice(1)] }))])),
    );
    expect(table.schema.fields.map((f) => f.name).join(' ')).toBe(
      'seq lane errorPhase scheduledAt sentAfterUs connectedAfterUs firstByteAfterUs endedAfterUs status bodyBytes bodyOk localPort connectionId connectionUse statusText server error target version bootId remoteIp',
    );
    expect(table.schema.metadata.get('rollproof.source')).toBe('embedded');
    expect(table.get(3)?.toJSON()).toMatchObject({
      seq: 3,
      lane: 'new',
      statusText: 'x',
      target: 's-1',
      error: null,
      endedAfterUs: 3999,
    });
  });

  test('which of several requests a row was is kept, in version 2; other streams know none', () => {
    const requests = { codes: Uint16Array.of(1, 0, 2), values: [null, 'list', 'order'] };
    const writer = openSampleWriter(sampleFile(dir, 'embedded'), 'embedded', true);
    expect(writer.append({ ...batchOf(range(0, 3)), request: requests })).toBe(true);
    expect(writer.append(batchOf(range(3, 4)))).toBe(true);
    writer.close();
    const other = openSampleWriter(sampleFile(dir, 'other'), 'other');
    other.append({ ...batchOf([row(9)]), request: requests });
    other.close();
    const versionOf = (source: string) =>
      tableFromIPC(readFileSync(sampleFile(dir, source))).schema.metadata.get('rollproof.samples');
    expect([versionOf('embedded'), versionOf('other')]).toEqual(['2', '1']);
    const { samples, streams } = readSamples(dir);
    expect(streams.map(({ complete }) => complete)).toEqual([true, true]);
    const names = Array.from({ length: samples.length }, (_, i) => [
      samples.seq.at(i),
      samples.request!.values[samples.request!.codes.at(i)],
    ]);
    expect(names).toEqual([
      [0, 'list'],
      [1, null],
      [2, 'order'],
      [3, null],
      [9, null],
    ]);
    rmSync(sampleFile(dir, 'embedded'));
    expect(readSamples(dir).samples.request).toBeUndefined();
  });

  test('samples of a newer rollproof are refused', () => {
    const file = written([range(0, 1)]);
    const bytes = readFileSync(file);
    // The one text of length 1 in the schema message is the version.
    const places = [...bytes.subarray(0, 4000).keys()].filter((i) =>
      bytes.subarray(i - 4, i + 2).equals(Buffer.from([1, 0, 0, 0, 0x31, 0])),
    );
    expect(places.length).toBe(1);
    bytes[places[0]!] = 0x33;
    writeFileSync(file, bytes);
    expect(() => readSamples(dir)).toThrow(expect.objectContaining({ code: 'FACTS_FROM_THE_FUTURE' }));
  });

  test('columns no judgement asks for stay on disk where they are not wanted; all others are the same', () => {
    written([range(0, 9)]);
    const whole = readSamples(dir).samples;
    const judged = readSamples(dir, { leftOut: new Set(UNJUDGED_COLUMNS), isUseCoarse: false }).samples;
    for (const name of UNJUDGED_COLUMNS) expect([whole[name]?.length, judged[name]]).toEqual([9, undefined]);
    const unread = { firstByteAt: undefined, bodyBytes: undefined, localPort: undefined };
    expect({ ...columnsOf(judged, 0, 9), ...unread }).toEqual({ ...columnsOf(whole, 0, 9), ...unread });
  });

  test('of the use of a connection only whether it was none, the first or a later one, where no more is wanted', () => {
    const uses = [0, 1, 2, 3, 0xffff_ffff, 1, 0, 2, 70_000];
    written([range(0, 9).map((each, i) => ({ ...each, connectionUse: uses[i]! }))]);
    const whole = tableRows(readSamples(dir).samples);
    const coarse = tableRows(readSamples(dir, { leftOut: new Set(), isUseCoarse: true }).samples);
    expect(whole.map((each) => each.connectionUse)).toEqual(uses);
    expect(coarse).toEqual(whole.map((each) => ({ ...each, connectionUse: Math.min(each.connectionUse, LATER_USE) })));
  });

  test('no samples directory is no samples', () => {
    rmSync(join(dir, 'samples'), { recursive: true });
    expect(readSamples(dir)).toMatchObject({ samples: { length: 0 }, streams: [] });
  });
});
