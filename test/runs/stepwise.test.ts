import { describe, expect, it } from 'vitest';
import { analyze } from '../../src/analyze.js';
import type { RunEvent } from '../../src/domain/event.js';
import type { RunFacts } from '../../src/domain/evidence.js';
import { worldRun } from './world.js';

const clean = worldRun();
const stages = clean.events.flatMap((e) => (e.kind === 'stage-ended' ? [e.stage] : []));
const origin = { host: 'h', bootId: 'b' };

/** The clean run as several processes leave it. */
function stepwise(change: Partial<RunFacts> = {}, due: readonly string[] = stages): RunFacts {
  return { ...clean, header: { ...clean.header, steps: { stages: due, origin } }, partProblems: [], ...change };
}
const events = (change: (event: RunEvent) => readonly RunEvent[]) => ({ events: clean.events.flatMap(change) });
const settledAt = Math.max(...clean.events.flatMap((e) => (e.kind === 'stage-ended' ? [e.at] : [])));

describe('a run of several processes', () => {
  it('passes as the same run of one process does', () => {
    expect(stages.length).toBeGreaterThan(1);
    expect(analyze(clean).verdict.kind).toBe('PASS');
    expect(analyze(stepwise()).verdict).toEqual(analyze(clean).verdict);
  });

  it.each<readonly [string, RunFacts, RegExp]>([
    ['a stage that must run did not', stepwise({}, [...stages, 'roll s9']), /stage roll s9 has not run/],
    [
      'a stage did not succeed, or not the last time',
      stepwise(events((e) => (e.kind === 'stage-ended' ? [e, { ...e, ok: false }] : [e]))),
      /did not succeed/,
    ],
    ['a part is missing', stepwise({ partProblems: ['the part events/0003 is missing'] }), /events\/0003 is missing/],
    ['the run is not over', stepwise(events((e) => (e.kind === 'run-ended' ? [] : [e]))), /partial report/],
    [
      'the traffic ended before the last stage had settled',
      stepwise(events((e) => (e.kind === 'traffic-stopped' ? [{ ...e, at: settledAt + 1 }] : [e]))),
      /ended .* before the judged window/,
    ],
  ])('%s: INCONCLUSIVE, and it says so', (_, facts, said) => {
    const { verdict, checks } = analyze(facts);
    expect(verdict).toMatchObject({ kind: 'INCONCLUSIVE', codes: expect.arrayContaining(['FACTS_INCOMPLETE']) });
    expect(checks.map((c) => c.message).join('\n')).toMatch(said);
  });
});
