import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { analyze } from '../../src/analyze.js';
import { columnOf } from '../../src/domain/column.js';
import type { RunFacts } from '../../src/domain/evidence.js';
import { type AccessLogRow, readAccessLogFacts, writeAccessLog } from '../../src/journal/access-log-file.js';
import { worldRun } from '../runs/world.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-access-evidence-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A port of its own for every request, as lane `new` has it. */
function withPorts(facts: RunFacts): RunFacts {
  const { samples } = facts;
  const ports = Uint16Array.from({ length: samples.length }, (_, i) => 1000 + (i % 60_000));
  return { ...facts, samples: { ...samples, localPort: columnOf(ports) } };
}

/** The log a balancer would have kept of these samples, as it is on disk and read back; `drop` leaves rows out. */
function logged(facts: RunFacts, drop: (row: number) => boolean = () => false): RunFacts {
  const { samples: t } = facts;
  const rows: AccessLogRow[] = [];
  for (let row = 0; row < t.length; row++) {
    if (drop(row)) continue;
    const target = t.target.values[t.target.codes.at(row)] ?? null;
    const status = t.status.at(row);
    rows.push([
      t.sentAt.at(row) + 120,
      t.localPort!.at(row),
      status,
      target === null ? 0 : status,
      target === null ? null : '10.0.0.1:80',
      1,
    ]);
  }
  writeAccessLog(folder, { files: ['x.log'], lines: rows.length, malformed: 0, outside: 0 }, rows);
  return { ...facts, accessLog: readAccessLogFacts(folder) };
}

describe('an imported access log', () => {
  const facts = withPorts(worldRun({ afterDetachMs: 100, detachLagMs: 900 }));
  const failedRows = new Set(
    [...facts.samples.scheduledAt.keys()].filter((row) => facts.samples.status.at(row) >= 500),
  );

  it('says who made each failure, and how many of both sides agree', () => {
    const { accessLog, counts } = analyze(logged(facts));
    expect(counts.failed).toBeGreaterThan(10);
    expect(accessLog).toMatchObject({
      isWhole: true,
      seen5xx: counts.failed,
      failures: { lbMade: counts.failed, appMade: 0, cut: 0, unlogged: 0 },
    });
    expect(accessLog!.logged5xx).toBe(accessLog!.unreached);
  });

  it('names failures that never got to the balancer, and excuses none of them', () => {
    const { accessLog, counts, verdict } = analyze(logged(facts, (row) => failedRows.has(row)));
    expect(accessLog).toMatchObject({ isWhole: true, logged5xx: 0, failures: { lbMade: 0, unlogged: counts.failed } });
    expect(verdict).toEqual(analyze(facts).verdict);
  });

  it('says that it is not whole when good answers are missing too', () => {
    expect(analyze(logged(facts, (row) => row % 10 === 0)).accessLog).toMatchObject({ isWhole: false });
  });

  it('makes an error of unknown make the balancer’s, and never a success of it', () => {
    // Nobody stamped the successes, so an unstamped 503 may be anybody's.
    const words = facts.samples.statusText;
    const plain = { ...words, values: words.values.map(() => null) };
    const bare = { ...facts, samples: { ...facts.samples, statusText: plain } };
    const unstamped = {
      ...bare.samples,
      version: { ...bare.samples.version, values: bare.samples.version.values.map(() => null) },
    };
    const unknown = { ...bare, samples: unstamped };
    const before = analyze(unknown);
    const after = analyze(logged(unknown));
    expect(before.errors.map((e) => e.class)).toContain('http_5xx');
    expect(after.errors.map((e) => e.class)).not.toContain('http_5xx');
    expect(after.counts.failed).toBe(before.counts.failed);
    expect(after.verdict.kind).toBe('FAIL');
  });

  it('is nowhere in the result of a run without one', () => {
    expect(analyze(facts)).not.toHaveProperty('accessLog');
  });

  it('that was garbled on disk is an error, not an empty log', () => {
    logged(facts);
    writeAccessLog(folder, { files: ['x'], lines: 1, malformed: 0, outside: 0 }, [[1, 2] as unknown as AccessLogRow]);
    expect(() => readAccessLogFacts(folder)).toThrow(/cannot be read/);
  });
});
