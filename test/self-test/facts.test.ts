import { describe, expect, it } from 'vitest';
import { analyze } from '../../src/analyze.js';
import type { EngineFacts } from '../../src/domain/event.js';
import type { EngineSelfTest } from '../../src/domain/self-test.js';
import { headerProblem } from '../../src/journal/event-shape.js';
import { engineEyes } from '../../src/report/html/sections/engine.js';
import { renderMarkdown } from '../../src/report/markdown.js';
import { passResult } from '../report/fixture-results.js';
import { worldRun } from '../runs/world.js';

const selfTest: EngineSelfTest = {
  engine: 'k6',
  version: 'v2.2.0',
  method: 'POST',
  toolVersion: '0.1.0',
  node: 'v20.20.0',
  testedAtWall: '2026-11-22T06:05:33.000Z',
  cases: [{ fault: 'dropped-rst', promised: true, injected: 21, seen: 21, otherwise: 0 }],
  resent: 0,
  error: null,
};
const engine: EngineFacts = {
  capabilities: {
    name: 'k6',
    seesResetsOnReuse: true,
    knowsScheduledTime: false,
    healthEveryMs: 1000,
    hasControl: false,
    limits: ['<script>alert(1)</script>'],
  },
  selfTest,
};
const blind: EngineSelfTest = { ...selfTest, cases: [{ ...selfTest.cases[0]!, seen: 20 }] };
const withEngine = (facts: EngineFacts) => {
  const run = worldRun({});
  return { ...run, header: { ...run.header, engine: facts } };
};

describe('the self-test in the facts', () => {
  it('changes nothing when the engine saw everything, and is carried into the result', () => {
    const result = analyze(withEngine(engine));
    expect(result.verdict.kind).toBe('PASS');
    expect(result.run.engine).toEqual(engine);
    expect(analyze(withEngine({ ...engine, selfTest: null })).verdict.kind).toBe('PASS');
  });

  it('never lets an engine pass that missed what it vouches for', () => {
    const { verdict } = analyze(withEngine({ ...engine, selfTest: blind }));
    expect(verdict.kind).toBe('INCONCLUSIVE');
    expect(verdict.codes).toEqual(['FACTS_INCOMPLETE']);
    expect(verdict.sentence).toMatch(/failed its self-test: dropped-rst: 1 of 21 were not seen/);
  });

  it('is checked when it is read', () => {
    const { header } = withEngine(engine);
    expect(headerProblem(header)).toBeNull();
    const { engine: none, ...old } = header;
    void none;
    expect(headerProblem(old)).toBeNull();
    const cases = [{ ...selfTest.cases[0], seen: 'all' }];
    expect(headerProblem({ ...header, engine: { ...engine, selfTest: { ...selfTest, cases } } })).toMatch(
      /`engine\.selfTest\.cases\.seen` must be a number/,
    );
  });

  it('stands in the reports, escaped, and leaves those of older runs as they were', () => {
    const old = passResult();
    const result = { ...old, run: { ...old.run, engine } };
    const page = String((engineEyes(result) as { text: string }).text);
    expect(page).toContain('21 of 21');
    expect(page).toContain('kept-alive connection reset under a request (RST)');
    expect(page).not.toContain('<script>');
    expect(renderMarkdown(result)).toMatch(/Traffic engine k6: Tested 2026-11-22 06:05:33 UTC .*all 21/);
    expect(engineEyes(old)).toBeNull();
    expect(renderMarkdown(old)).not.toContain('Traffic engine');
    const untested = { ...old, run: { ...old.run, engine: { ...engine, selfTest: null } } };
    expect(renderMarkdown(untested)).toMatch(/not tested on this machine in this version: rollproof doctor/);
    const missed = { ...old, run: { ...old.run, engine: { ...engine, selfTest: blind } } };
    expect(String((engineEyes(missed) as { text: string }).text)).toContain('20 of 21: MISSED');
  });
});
