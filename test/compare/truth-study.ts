import { runSummary } from '../../src/compare/run-summary.js';
import { type StudyFacts, studyComparison } from '../../src/compare/study-comparison.js';
import { type Attempt, nextRun } from '../../src/compare/study-plan.js';
import type { Comparison, StudyRun, Variant } from '../../src/domain/comparison.js';
import type { RunFacts } from '../../src/domain/evidence.js';
import type { RunResult } from '../../src/domain/result.js';
import { DEFAULT_GATES } from '../../src/domain/scenario.js';
import { type Random, randomOf } from '../simulation/random.js';
import { simulate } from '../simulation/simulation.js';
import { healthyWorld, type World } from '../simulation/world.js';

/** The deploys of a simulated study; only the sleep differs between its variants. */
export interface TruthDesign {
  readonly sleepsMs: readonly number[];
  readonly repeats: number;
  readonly limit: number;
  readonly nodes: number;
  readonly seed: number;
}

type Analyze = (facts: RunFacts) => RunResult;

/** A deploy whose need varies: lags up to 400 ms on every node, requests up to 350 ms long, cut when the app stops. */
function worldAt(random: Random, sleepMs: number, nodes: number): World {
  return healthyWorld(random, {
    targets: 2,
    nodes,
    routing: 'random',
    ratePerSecond: 300,
    afterDetachMs: sleepMs,
    afterAttachMs: sleepMs,
    isGraceful: false,
    deadAnswer: 'unsigned502',
    cutAnswer: 'reset',
    hasAppMarks: true,
    policy: { slo: 0.99, gates: { ...DEFAULT_GATES, minBaseline: 300 } },
  });
}

/** One deploy, with what really happened in it. */
function deployOf(design: TruthDesign, key: string, sleepMs: number) {
  const random = randomOf(design.seed, key, 0);
  return simulate(worldAt(random, sleepMs, design.nodes), random);
}

/** True chance of downtime at each sleep, by making so many deploys with it; no judgement of ours is in it. */
export function trueDowntime(design: TruthDesign, deploys: number): number[] {
  return design.sleepsMs.map((sleepMs) => {
    let bad = 0;
    for (let i = 0; i < deploys; i++) if (deployOf(design, `truth/${sleepMs}/${i}`, sleepMs).truth.failed > 0) bad++;
    return bad / deploys;
  });
}

/** A whole study: plan, runs, judgement, recommendation, as `rollproof compare` makes it. */
export function simulatedStudy(design: TruthDesign, study: number, analyze: Analyze): Comparison {
  const runs: StudyRun[] = [];
  const plan = { variants: design.sleepsMs.length, repeats: design.repeats, seed: design.seed + study };
  for (;;) {
    const attempts = runs.map((r): Attempt => ({ ...r, verdict: r.summary.verdict }));
    const next = nextRun(plan, attempts);
    if (next === null) break;
    const sleepMs = design.sleepsMs[next.variant]!;
    const key = `study/${study}/${next.block}/${next.variant}/${next.attempt}`;
    const summary = runSummary(analyze(deployOf(design, key, sleepMs).facts), key);
    runs.push({ ...next, counted: summary.verdict === 'PASS' || summary.verdict === 'FAIL', summary });
  }
  return studyComparison(factsOf(design, plan, runs));
}

function factsOf(design: TruthDesign, plan: StudyFacts['design'], runs: readonly StudyRun[]): StudyFacts {
  return {
    name: 'simulated',
    place: { environment: 'simulation', balancerKind: 'lab', balancerName: 'simulated' },
    toolVersion: '0.0.0',
    startedAt: '2026-01-01T00:00:00.000Z',
    command: ['rollproof', 'compare'],
    scenarioFile: null,
    design: plan,
    variants: design.sleepsMs.map(variantOf),
    targets: 2,
    sleeps: 2,
    current: { afterDetachMs: 1500, afterAttachMs: 1500 },
    alpha: 0.05,
    limit: design.limit,
    runs,
  };
}

const variantOf = (ms: number): Variant => ({
  label: `sleep ${ms} ms`,
  group: '',
  afterDetachMs: ms,
  afterAttachMs: ms,
  wait: 'sleep',
  overrides: [],
});

/** What a single run with a long sleep said of the need, against the need its deploy really had, ms. */
export interface Estimate {
  readonly what: 'after detach' | 'after attach';
  readonly estimateMs: number | null;
  readonly trueMs: number;
}

const LONG_MS = 1500;

/** Estimates from one run with a long sleep. */
export function singleRun(design: TruthDesign, run: number, analyze: Analyze): Estimate[] {
  const { facts, truth } = deployOf(design, `single/${run}`, LONG_MS);
  const { targets } = runSummary(analyze(facts), 'single');
  const most = (values: readonly (number | null)[]) =>
    values.includes(null) ? null : Math.max(...values.map((v) => v ?? 0));
  return [
    {
      what: 'after detach',
      estimateMs: most(targets.map((t) => t.detachNeedMs)),
      trueMs: Math.max(...truth.lags.map((lag) => lag.drainMs)),
    },
    {
      what: 'after attach',
      estimateMs: most(targets.slice(0, -1).map((t) => t.attachLagMs)),
      trueMs: Math.max(...truth.lags.slice(0, -1).map((lag) => lag.attachMs)),
    },
  ];
}

/** Median error of the estimates, and whether it is within 15 % or 100 ms of the truth, the larger of the two. */
export function accuracyOf(estimates: readonly Estimate[]) {
  const errors = estimates.map((e) => Math.abs((e.estimateMs ?? Number.POSITIVE_INFINITY) - e.trueMs));
  const allowed = estimates.map((e) => Math.max(100, 0.15 * e.trueMs));
  const middle = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const tooShort = estimates.filter((e) => (e.estimateMs ?? Number.POSITIVE_INFINITY) < e.trueMs).length;
  return {
    medianErrorMs: middle(errors),
    medianAllowedMs: middle(allowed),
    medianTrueMs: middle(estimates.map((e) => e.trueMs)),
    tooShort,
  };
}

/** What a table of studies says. */
export interface TruthReport {
  readonly studies: number;
  readonly recommended: number;
  /** Studies whose recommended sleep truly has downtime more often than the limit. */
  readonly wrong: readonly number[];
  readonly blocked: number;
  readonly truth: readonly number[];
  readonly sleeps: ReadonlyMap<number | null, number>;
}

/** Makes so many studies and holds every recommendation against the truth. */
export function truthReport(design: TruthDesign, studies: number, truthDeploys: number, analyze: Analyze): TruthReport {
  const truth = trueDowntime(design, truthDeploys);
  const wrong: number[] = [];
  const sleeps = new Map<number | null, number>();
  let blocked = 0;
  for (let study = 0; study < studies; study++) {
    const { recommendations, standing } = simulatedStudy(design, study, analyze);
    const [found] = recommendations;
    const ms = found?.byNeedMs ?? found?.byRunsMs ?? null;
    if (standing === 'other-cause') blocked++;
    sleeps.set(ms, (sleeps.get(ms) ?? 0) + 1);
    if (ms !== null && (truth[design.sleepsMs.indexOf(ms)] ?? 1) > design.limit) wrong.push(study);
  }
  return { studies, recommended: studies - (sleeps.get(null) ?? 0), wrong, blocked, truth, sleeps };
}
