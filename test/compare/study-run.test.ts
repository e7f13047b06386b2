import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { analyze } from '../../src/analyze.js';
import { runTimeMs } from '../../src/cli/compare-scenario.js';
import { runStudy, type StudyJob } from '../../src/cli/compare-study.js';
import { WASHOUT_MS } from '../../src/cli/compare-washout.js';
import type { Io } from '../../src/cli/io.js';
import { createStudy, readStudy, STUDY_SCHEMA } from '../../src/cli/study-file.js';
import { randomOf } from '../simulation/random.js';
import { simulate } from '../simulation/simulation.js';
import { healthyWorld } from '../simulation/world.js';
import { fakeIo } from '../support/fake-io.js';
import { testScenario } from '../support/scenario.js';
import { summaryOf, variantAt } from './runs.js';

const random = randomOf(20260301, 'study-run', 0);
const PASSED = analyze(simulate(healthyWorld(random), random).facts);

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'study-run-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A study of two variants, three repeats, whose runs only let time pass. */
function study(runMs: number, change: Partial<StudyJob> = {}) {
  const { place } = summaryOf();
  const scenario = testScenario();
  const dir = createStudy(
    root,
    {
      kind: 'study',
      schema: STUDY_SCHEMA,
      toolVersion: '0.0.0',
      startedAt: '2026-01-01T00:00:00.000Z',
      name: 'lab',
      scenarioFile: 'lab.yaml',
      fingerprint: 'f',
      command: ['rollproof', 'compare', 'lab.yaml'],
      options: {},
      place,
      targets: 2,
      variants: [variantAt(0), variantAt(5000)],
      repeats: 3,
      seed: 1,
      alpha: 0.05,
      limit: 0.05,
      current: { afterDetachMs: 5000, afterAttachMs: 5000 },
    },
    new Date(0),
  );
  let nowNs = 0n;
  const heard = new Set<(signal: 'SIGINT') => void>();
  const { io, err } = fakeIo({
    monotonicNs: () => nowNs,
    onSignal: ((handler: (signal: 'SIGINT') => void) => {
      heard.add(handler);
      return () => heard.delete(handler);
    }) as Io['onSignal'],
  });
  const versions = { version: 'v2', previousVersion: 'v1' };
  let made = 0;
  const job: StudyJob = {
    dir,
    scenarios: [scenario, scenario],
    versions: [versions, versions],
    deployGuessMs: 0,
    conduct: (_, out, onDirectory) => {
      const runDir = join(out, 'lab', String(++made));
      mkdirSync(runDir, { recursive: true });
      onDirectory(runDir);
      nowNs += BigInt(Math.round(runMs * 1e6));
      return Promise.resolve({ code: 0, result: PASSED });
    },
    washout: () => Promise.resolve(),
    budgetMs: null,
    historyRoot: root,
    quiet: true,
    ...change,
  };
  const lines = () => readStudy(dir);
  return { job, io, err, heard, lines, made: () => made, dir };
}

describe('runStudy', () => {
  it('runs the whole plan and writes each run down', async () => {
    const { job, io, lines, made } = study(1000);
    expect(await runStudy(job, io)).toEqual({ code: 0, leftOut: 0 });
    expect([made(), lines().started.length, lines().ended.size]).toEqual([6, 6, 6]);
  });

  it('begins no run that would end after the budget, reckoned by how long the runs really take', async () => {
    const scenario = testScenario();
    const reckonedMs = runTimeMs(scenario, 0, scenario.balancer.kind === 'lab' ? 0 : WASHOUT_MS);
    // They take twice as long as reckoned: after three of them a fourth, as reckoned, would still fit.
    const { job, io, lines, made } = study(2 * reckonedMs, { budgetMs: 7 * reckonedMs });
    expect(await runStudy(job, io)).toEqual({ code: 0, leftOut: 3 });
    expect([made(), lines().ended.size]).toEqual([3, 3]);
  });

  it('ends at once on a signal between runs, says how to go on, and leaves runs their own signals', async () => {
    const during: number[] = [];
    const s = study(1000);
    const job: StudyJob = {
      ...s.job,
      conduct: (...args) => {
        during.push(s.heard.size);
        return s.job.conduct(...args);
      },
      washout: () => {
        if (s.made() === 2) for (const handler of s.heard) handler('SIGINT');
        return Promise.resolve();
      },
    };
    await expect(runStudy(job, s.io)).rejects.toThrow('exit 130');
    expect(s.err()).toContain(`rollproof compare --resume ${s.dir}`);
    expect([s.made(), s.lines().ended.size]).toEqual([2, 2]);
    expect(during).toEqual([0, 0]);
    expect(s.heard.size).toBe(0);
  });

  it('ends with the code of a run that was stopped and does not count it', async () => {
    const s = study(1000);
    const job: StudyJob = {
      ...s.job,
      conduct: async (...args) => ({ ...(await s.job.conduct(...args)), code: s.made() === 2 ? 130 : 0 }),
    };
    expect(await runStudy(job, s.io)).toEqual({ code: 130, leftOut: 0 });
    expect(s.lines().ended.size).toBe(1);
    expect(readFileSync(join(root, 'history.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1);
  });
});
