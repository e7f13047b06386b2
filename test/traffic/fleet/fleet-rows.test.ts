import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFleetPlan, slotsOf } from '../../../src/traffic/fleet/fleet-plan.js';
import { FleetRows } from '../../../src/traffic/fleet/fleet-rows.js';
import { parseConsoleRow } from '../../../src/traffic/k6/console-row.js';
import { consoleLine, PLAN, START } from '../../support/fleet-lines.js';

function csvLine(number: number, begun: number): string {
  const end = (BigInt(START + begun + 11) * 1_000_000n).toString();
  return `rollproof,${end},3.400000,,new,,r=1|new|${number}|${START}|${START + begun}|7.000|${START + begun + 8}|200|0|||srv|s1|v1||0.900|0.500|2.000|2.500|10.0.0.1|2`;
}

/** The lines of shard `i`: arrival n begins at n/rate; every `dropEvery`-th slot of it was dropped. */
function shard(i: number, form: 'console' | 'csv', dropEvery = 0): string[] {
  const lines: string[] = [];
  let number = i;
  for (let slot = i; slot < 120; slot += 3) {
    const begun = slot * 50;
    if (dropEvery > 0 && ((slot - i) / 3) % dropEvery === 2)
      lines.push(`dropped_iterations,${START + begun}000000,1.000000,new,,`);
    else {
      lines.push(form === 'console' ? consoleLine(number, begun) : csvLine(number, begun));
      number += 3;
    }
  }
  return lines;
}

async function read(logs: readonly (readonly string[])[], plan = PLAN): Promise<FleetRows> {
  const rows = new FleetRows(plan);
  for (const [i, lines] of logs.entries())
    await rows.read(`log ${i}`, Readable.from([Buffer.from(lines.map((line) => `${line}\n`).join(''))]));
  for (const one of rows.shards) one.trim();
  return rows;
}
const problemsOf = (rows: FleetRows) => [...rows.problems, ...rows.shards.flatMap(({ problems }) => problems)];
const lostOf = (rows: FleetRows) => rows.shards.reduce((sum, { lost }) => sum + lost, 0);

describe('FleetRows', () => {
  it.each(['console', 'csv'] as const)('finds the whole plan in the shards’ logs (%s rows)', async (form) => {
    const rows = await read([0, 1, 2].map((i) => shard(i, form)));
    expect([problemsOf(rows), lostOf(rows)]).toEqual([[], 0]);
    // 6 s less the last one, at 20/s.
    expect(rows.shards.map(({ columns }) => columns.length)).toEqual([34, 33, 33]);
    const { columns, clock } = rows.shards[0]!;
    expect([columns.scheduledAt[1], columns.sentAt[1], columns.status[1]]).toEqual([START + 157, START + 158, 200]);
    expect(columns.texts.target.textOf(columns.target[1]!)).toBe('s1');
    expect(clock.servers.has('s1')).toBe(form === 'console');
  });

  it('reads rows that k6’s log format or kubectl wrapped, among other lines', async () => {
    const wrap = (line: string, n: number) =>
      n % 2 === 0
        ? `time="2026-01-01T00:00:00Z" level=info msg="${line}" source=console`
        : `2026-01-01T00:00:00Z ${line}\r`;
    const logs = [0, 1, 2].map((i) => [
      'Request Failed error="EOF"',
      ...shard(i, 'console').map(wrap),
      'level=warning',
    ]);
    expect(problemsOf(await read(logs))).toEqual([]);
  });

  it('takes a pod’s log in pieces, and all pods in one file when nothing was dropped', async () => {
    const [a, b, c] = [0, 1, 2].map((i) => shard(i, 'csv')) as [string[], string[], string[]];
    expect(problemsOf(await read([a.slice(0, 9), b, a.slice(9), c]))).toEqual([]);
    expect(problemsOf(await read([[...a, ...b, ...c]]))).toEqual([]);
    const mixed = await read([[...shard(0, 'csv', 5), ...b, ...c]]);
    expect(problemsOf(mixed).join()).toMatch(/rows of several shards/);
  });

  it('counts dropped arrivals of the CSV as what they are', async () => {
    const rows = await read([shard(0, 'csv', 4), shard(1, 'csv'), shard(2, 'csv')]);
    expect([problemsOf(rows), lostOf(rows)]).toEqual([[], 0]);
    const { columns } = rows.shards[0]!;
    expect(columns.sentAt.subarray(0, columns.length).filter(Number.isNaN).length).toBe(8);
  });

  it('misses any line that is gone, unless it was of the last second', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2 }),
        fc.integer({ min: 0, max: 39 }),
        fc.constantFrom('console', 'csv'),
        async (i, n, form) => {
          const logs = [0, 1, 2].map((k) => shard(k, form as 'console'));
          logs[i]!.splice(n, 1);
          const rows = await read(logs);
          if (n === 39) expect(problemsOf(rows)).toEqual([]);
          else {
            expect(lostOf(rows)).toBe(1);
            expect(problemsOf(rows).join()).toMatch(/1 planned arrivals of lane new are missing/);
          }
        },
      ),
    );
  });

  it('misses a shard, a cut tail, and notices what is there twice, of another run, or of another plan', async () => {
    const logs = [0, 1, 2].map((k) => shard(k, 'console'));
    const gone = await read(logs.slice(1));
    expect([problemsOf(gone), lostOf(gone)]).toEqual([['shard p-0 left no rows at all'], 34]);
    expect(lostOf(await read([logs[0]!.slice(0, 20), logs[1]!, logs[2]!]))).toBe(14);
    expect(problemsOf(await read([...logs, logs[1]!])).join()).toMatch(/is there twice/);
    const later = logs[2]!.map((line) => line.replace(START.toString(36), (START + 9).toString(36)));
    expect(problemsOf(await read([logs[0]!, logs[1]!, [...logs[2]!.slice(0, 5), ...later.slice(5)]])).join()).toMatch(
      /two runs/,
    );
    const double = {
      ...PLAN,
      parts: [{ name: 'p', lanes: [{ name: 'new' as const, ratePerSecond: 40, places: 30 }] }],
    };
    expect(problemsOf(await read(logs, double)).join()).toMatch(/are missing/);
    const half = { ...PLAN, durationMs: 3000 };
    expect(problemsOf(await read(logs, half)).join()).toMatch(/beyond the plan/);
  });

  it('counts a row that is not whole, wherever it was cut', async () => {
    const line = consoleLine(3, 150);
    for (let end = 4; end < line.length; end++) expect(parseConsoleRow(line.slice(0, end))).toBeNull();
    const logs = [0, 1, 2].map((k) => shard(k, 'console'));
    logs[1]![4] = logs[1]![4]!.slice(0, -1);
    expect(problemsOf(await read(logs)).join()).toMatch(/log 1: 1 rows are not whole.*1 planned arrivals/);
  });

  it('is told when a shard’s kept-alive connections were not kept', async () => {
    const lanes = [{ name: 'reuse' as const, ratePerSecond: 20, places: 6 }];
    const plan = { ...PLAN, parts: [{ name: 'p', lanes }] };
    const logs = (openedAt: (place: number) => boolean) =>
      [0, 1, 2].map((i) =>
        shard(i, 'csv').map((line, place) =>
          line
            .replace('|new|', '|reuse|')
            .replace(',,new,,', ',,reuse,,')
            .replace('|0.500|', i === 1 && openedAt(place) ? '|0.500|' : '|0.000|'),
        ),
      );
    expect(
      problemsOf(
        await read(
          logs((place) => place < 2),
          plan,
        ),
      ),
    ).toEqual([]);
    const problems = problemsOf(
      await read(
        logs((place) => place % 2 === 0),
        plan,
      ),
    );
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^shard p-1: lane reuse proves nothing .* 16 of 33 requests .* every 0\.3 s/);
  });

  it('tells when a process stood still', async () => {
    const late = shard(0, 'console').map((_, i) => consoleLine(i * 3, i >= 10 && i < 20 ? 3000 : i * 150));
    const rows = await read([late, shard(1, 'console'), shard(2, 'console')]);
    const stalls = rows.shards[0]!.stalls();
    expect(Math.max(...stalls.map(({ from, to }) => to - from))).toBeGreaterThan(1000);
    expect(rows.shards[1]!.stalls()).toEqual([]);
  });
});

describe('slotsOf', () => {
  it('splits a grid so that the shards’ slots are the whole', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64 }),
        fc.integer({ min: 1, max: 500_000 }),
        fc.integer({ min: 1, max: 900_000 }),
        (shards, milli, ms) => {
          const slots = Array.from({ length: shards }, (_, i) => slotsOf(milli / 1000, i, shards, ms));
          expect(slots.reduce((a, b) => a + b, 0)).toBe(slotsOf(milli / 1000, 0, 1, ms));
          expect(Math.max(...slots) - Math.min(...slots)).toBeLessThanOrEqual(1);
        },
      ),
    );
    expect(slotsOf(20, 0, 1, 5000)).toBe(100);
    expect(slotsOf(20, 0, 1, 5001)).toBe(101);
  });
});

describe('parseFleetPlan', () => {
  it('reads what was written and refuses anything else', () => {
    expect(parseFleetPlan(JSON.stringify(PLAN))).toEqual(PLAN);
    for (const change of [
      { format: 2 },
      { shards: 0 },
      { parts: [] },
      { parts: [{ name: 'p', lanes: [{ name: 'reuse', ratePerSecond: 20 }] }] },
      { engine: 'x' },
      { durationMs: 1 },
      { traffic: {} },
      { service: {} },
    ])
      expect(() => parseFleetPlan(JSON.stringify({ ...PLAN, ...change }))).toThrow(/fleet plan/);
    expect(() => parseFleetPlan('null')).toThrow();
    const twice = { ...PLAN, parts: [...PLAN.parts, ...PLAN.parts] };
    expect(() => parseFleetPlan(JSON.stringify(twice))).toThrow(/twice/);
  });
});
