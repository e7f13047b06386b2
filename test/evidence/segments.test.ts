import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyze } from '../../src/analyze.js';
import type { RunEvent } from '../../src/domain/event.js';
import type { RunFacts } from '../../src/domain/evidence.js';
import { recordLoss } from '../../src/evidence/record-loss.js';
import { missingSegments } from '../../src/evidence/segments.js';
import { segmentSource, segmentsOf } from '../../src/traffic/segments.js';
import { factsOf, type Row, scenarioOf } from '../runs/fact-builder.js';
import { rowsOf } from '../runs/table-rows.js';
import { type World, worldRun } from '../runs/world.js';

const WORLD: World = {
  ratePerSecond: 150,
  longPerSecond: 12,
  afterDetachMs: 1800,
  afterAttachMs: 1500,
  policy: { slo: 0.99, gates: { ...scenarioOf().policy.gates, minBaseline: 300 } },
};

/** The same run as one source whose numbers follow the schedule. */
function numbered(facts: RunFacts): RunFacts {
  const rows = rowsOf(facts.samples).map((row, seq) => ({ ...row, seq }));
  return factsOf(facts.header.scenario, facts.events, rows);
}

/** The same outcomes as if `count` segments had fired them. */
function split(facts: RunFacts, count: number): RunFacts {
  const segments = segmentsOf(count);
  const sources = segments.map((segment) => segmentSource('node', segment));
  const rows = rowsOf(facts.samples).map((row) => ({ ...row, source: sources[row.seq! % count]! }));
  const owned = (index: number) => rows.filter((row) => row.source === sources[index]).length;
  const events = facts.events.flatMap((event): RunEvent[] => {
    if (event.kind === 'traffic-started')
      return segments.map((segment, i) => ({ ...event, source: sources[i]!, segment }));
    if (event.kind === 'traffic-stopped')
      return sources.map((source, i) => ({ ...event, source, scheduled: owned(i) }));
    if (event.kind === 'generator-health') return sources.map((source) => ({ ...event, source }));
    return [event];
  });
  return factsOf(facts.header.scenario, events, rows);
}

function without(facts: RunFacts, dropped: (row: Row) => boolean): RunFacts {
  const rows = rowsOf(facts.samples).filter((row) => !dropped(row));
  return factsOf(facts.header.scenario, facts.events, rows);
}

const oneName = (result: unknown) => JSON.parse(JSON.stringify(result).replace(/"node-\d+"/g, '"node"'));
const codesOf = (facts: RunFacts) => {
  const { verdict, checks } = analyze(facts);
  return { verdict: verdict.kind, codes: checks.flatMap((check) => (check.code === null ? [] : [check.code])) };
};

describe('segments merged', () => {
  it('are judged as one process is: the same result for the same outcomes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 5 }),
        fc.nat(999),
        fc.constantFrom({}, { noise: 0.01 }, { afterDetachMs: 500, detachLagMs: 900 }),
        (count, seed, fault) => {
          const whole = numbered(worldRun({ ...WORLD, ...fault, seed }));
          expect(oneName(analyze(split(whole, count)))).toEqual(oneName(analyze(whole)));
        },
      ),
      { numRuns: 4 },
    );
  });

  const whole = numbered(worldRun(WORLD));
  const three = split(whole, 3);

  it('are INCONCLUSIVE when a segment is lost, whatever of it is lost', () => {
    expect(codesOf(three).verdict).toBe('PASS');
    const rows = without(three, (row) => row.source === 'node-2');
    expect(codesOf(rows)).toMatchObject({ verdict: 'INCONCLUSIVE' });
    const silent = (facts: RunFacts): RunFacts => ({
      ...facts,
      events: facts.events.filter((event) => !('source' in event) || event.source !== 'node-2'),
    });
    // Not even its name is left: the two others say that there were three.
    expect(codesOf(silent(rows))).toMatchObject({ verdict: 'INCONCLUSIVE' });
    expect(missingSegments(silent(rows).events)).toEqual(['segment 2 of 3 of the traffic of node is missing']);
    expect(missingSegments(three.events)).toEqual([]);
    expect(missingSegments(whole.events)).toEqual([]);
  });

  it('are INCONCLUSIVE with a hole, and with one that ended before the others without a word', () => {
    const at = (share: number) => Math.floor(whole.samples.length * share);
    const hole = without(three, (row) => row.source === 'node-3' && row.seq! > at(0.5) && row.seq! < at(0.55));
    expect(recordLoss(hole).holes).toBeGreaterThan(20);
    expect(codesOf(hole)).toMatchObject({ verdict: 'INCONCLUSIVE' });
    const cut = without(three, (row) => row.source === 'node-1' && row.seq! > at(0.6));
    const left = rowsOf(cut.samples).filter((row) => row.source === 'node-1').length;
    const quiet: RunFacts = {
      ...cut,
      events: cut.events.map((event) =>
        event.kind === 'traffic-stopped' && event.source === 'node-1' ? { ...event, scheduled: left } : event,
      ),
    };
    expect(recordLoss(quiet)).toMatchObject({ holes: 0, duplicates: 0, surplus: 0 });
    expect(recordLoss(quiet).shortfall).toBeGreaterThan(20);
    const { verdict, codes } = codesOf(quiet);
    expect(verdict).toBe('INCONCLUSIVE');
    expect(codes).toContain('GEN_LOST');
  });

  it('take rows of another segment’s numbers for strangers, and a segment fired twice for none', () => {
    const rows = rowsOf(three.samples);
    const stranger = { ...rows[100]!, source: rows[101]!.source! };
    const mixed = factsOf(three.header.scenario, three.events, [...rows, stranger]);
    expect(recordLoss(mixed)).toMatchObject({ holes: 0, duplicates: 0 });
    expect(recordLoss(mixed).surplus).toBe(1);
    const twice = three.events.map((event) =>
      event.kind === 'traffic-started' && event.source === 'node-3'
        ? { ...event, segment: { index: 2, count: 3 } }
        : event,
    );
    expect(missingSegments(twice).length).toBeGreaterThan(0);
    expect(recordLoss(three)).toEqual({ ...recordLoss(whole) });
  });
});
