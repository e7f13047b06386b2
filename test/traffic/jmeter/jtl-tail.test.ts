import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { SampleBatch } from '../../../src/domain/sample.js';
import type { ForeignRecord } from '../../../src/traffic/foreign/foreign-record.js';
import { readTraffic } from '../../../src/traffic/import/read-traffic.js';
import { JtlTail } from '../../../src/traffic/jmeter/jtl-tail.js';
import { rowsOf } from '../embedded/rows.js';

const JTL = new URL('../fixtures/jmeter/plan.jtl', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'rollproof-jtl-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const isSent = (row: { readonly sentAt: number }) => !Number.isNaN(row.sentAt);

describe('a JTL of the generated plan', () => {
  it('is read as it was fired: numbers, stamps, every kind of failure in its phase', async () => {
    const { columns, isOurs, missing } = await readTraffic(JTL);
    const rows = rowsOf([...columns.batches(0)] as SampleBatch[]);
    expect(isOurs).toBe(true);
    expect(missing).toEqual(['2 numbered arrivals are missing']);
    const sent = rows.filter(isSent);
    expect(sent).toHaveLength(readFileSync(JTL, 'utf8').trimEnd().split('\n').length - 1);
    const count = (error: string) => sent.filter((row) => row.error === error).length;
    expect(count('org.apache.http.NoHttpResponseException')).toBe(13);
    expect(count('java.net.SocketException')).toBe(12);
    expect(count('java.net.SocketTimeoutException')).toBe(12);
    expect(count('org.apache.http.ConnectionClosedException')).toBe(12);
    expect(sent.filter((row) => row.status === 503)).toHaveLength(12);
    const good = sent.filter((row) => row.status === 200);
    expect(good).toHaveLength(87);
    for (const row of good) {
      expect(row.target).toMatch(/^staging-[12]$/);
      expect(row.version).toBe('v1');
      expect(row.sentAt).toBeGreaterThan(row.scheduledAt - 1);
      expect(row.endedAt).toBeGreaterThanOrEqual(row.firstByteAt);
    }
  });

  it('is the same when it is followed while it grows, wherever a write ends', () => {
    const path = join(folder, 'growing.jtl');
    const bytes = readFileSync(JTL);
    const tail = new JtlTail(path);
    const seen: ForeignRecord[] = [];
    tail.read((record) => seen.push(record));
    for (let from = 0, step = 1; from < bytes.length; from += step, step = (step * 7 + 3) % 997) {
      appendFileSync(path, bytes.subarray(from, from + step));
      tail.read((record) => seen.push(record));
    }
    tail.close();
    const whole: ForeignRecord[] = [];
    const once = new JtlTail(JTL);
    once.read((record) => whole.push(record));
    once.close();
    expect(whole).toHaveLength(150);
    expect(seen).toEqual(whole);
  });
});
