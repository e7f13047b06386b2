import { COMPARISON_SCHEMA, type Comparison, type Place, type StudyRun, type Variant } from '../domain/comparison.js';
import { downtimeCurve } from './downtime-curve.js';
import { headlineOf } from './headline.js';
import { type RecommendationInput, recommendationOf } from './recommendation.js';
import { type SleepAxis, sleepAlong } from './run-needs.js';
import { scopeOf } from './scope.js';
import { givenUp, nextRun, type StudyDesign } from './study-plan.js';
import { variantRow } from './variant-rows.js';

/** A study as its file and its run directories tell it. */
export interface StudyFacts {
  readonly name: string;
  readonly place: Place;
  readonly toolVersion: string;
  readonly startedAt: string;
  readonly command: readonly string[];
  readonly scenarioFile: string | null;
  readonly design: StudyDesign;
  readonly variants: readonly Variant[];
  readonly targets: number;
  /** How often a deploy sleeps after a detach, and as often after an attach: once per target, once per group in blue-green. */
  readonly sleeps: number;
  /**
   * The scenario's own sleeps: what a recommendation saves against. `group` is that of its own other values; null = they are
   * none of those compared, absent in studies older than it.
   */
  readonly current: {
    readonly afterDetachMs: number;
    readonly afterAttachMs: number;
    readonly group?: string | null;
  };
  readonly alpha: number;
  readonly limit: number;
  /** Every attempt that ended, in the order they ran. */
  readonly runs: readonly StudyRun[];
}

/** Study → everything its reports show. Pure: the same facts give the same comparison to the byte. */
export function studyComparison(facts: StudyFacts): Comparison {
  const attempts = facts.runs.map((r) => ({ block: r.block, variant: r.variant, verdict: r.summary.verdict }));
  const inputs = recommendationInputs(facts, attempts);
  // The claims of a study hold together: each has its part of α.
  const recommendations = inputs.map((i) =>
    recommendationOf({ ...i, alpha: facts.alpha / Math.max(1, inputs.length) }),
  );
  const ofVariant = (index: number) => facts.runs.filter((r) => r.variant === index);
  const currentDeployMs = currentDeployTime(facts);
  const fits = fittedOf(facts);
  const rows = facts.variants.map((variant, index) =>
    variantRow({
      variant,
      attempts: ofVariant(index),
      givenUp: givenUp(attempts, index),
      alpha: facts.alpha,
      currentDeployMs,
      recommendations,
      fitted: fits[index] ?? null,
    }),
  );
  const complete = nextRun(facts.design, attempts) === null;
  const { headline, standing } = headlineOf(recommendations, rows, facts, complete);
  return {
    schema: COMPARISON_SCHEMA,
    kind: 'study',
    name: facts.name,
    place: facts.place,
    toolVersion: facts.toolVersion,
    startedAt: facts.startedAt,
    command: facts.command,
    scenarioFile: facts.scenarioFile,
    seed: facts.design.seed,
    repeats: facts.design.repeats,
    complete,
    targets: facts.targets,
    alpha: facts.alpha,
    limit: facts.limit,
    headline,
    standing,
    rows,
    runs: facts.runs,
    recommendations,
    changes: [],
    ...scopeOf(facts.place, rows, recommendations, complete),
  };
}

/** One recommendation per group of fixed sleeps and per sleep that is swept in it. */
function recommendationInputs(
  facts: StudyFacts,
  attempts: Parameters<typeof givenUp>[0],
): Omit<RecommendationInput, 'alpha'>[] {
  const groups = [...new Set(facts.variants.filter((v) => v.wait !== 'health').map((v) => v.group))];
  return groups.flatMap((group) => {
    const members = facts.variants
      .map((variant, index) => ({ variant, index }))
      .filter((m) => m.variant.group === group);
    const variants = members.map((m) => m.variant);
    const runs = facts.runs.filter((r) => r.counted && facts.variants[r.variant]?.group === group);
    return axesOf(variants).map((of) => {
      const longest = (axis: SleepAxis): number => Math.max(...variants.map((v) => sleepAlong(axis, v)));
      const other = of === 'sleep after detach' ? 'sleep after attach' : 'sleep after detach';
      return {
        of,
        group,
        runs,
        givenUpMs: members.flatMap((m) =>
          new Array<number>(givenUp(attempts, m.index)).fill(sleepAlong(of, m.variant)),
        ),
        candidatesMs: variants.map((v) => sleepAlong(of, v)),
        isPlain: (run) => of === 'sleep' || sleepAlong(other, run) === longest(other),
        limit: facts.limit,
        hasNeed: variants.some((v) => v.wait === 'sleep'),
      };
    });
  });
}

/** Sleeps that are always equal are one; else those that are swept, or both when none is. */
export function axesOf(variants: readonly Pick<Variant, 'afterDetachMs' | 'afterAttachMs'>[]): SleepAxis[] {
  if (variants.every((v) => v.afterDetachMs === v.afterAttachMs)) return ['sleep'];
  const axes: SleepAxis[] = ['sleep after detach', 'sleep after attach'];
  const swept = axes.filter((axis) => new Set(variants.map((v) => sleepAlong(axis, v))).size > 1);
  return swept.length > 0 ? swept : axes;
}

/** How long a deploy with the scenario's own sleeps takes: measured, or reckoned from the longest that was (verdict.md §8). */
function currentDeployTime({ runs, variants, current, sleeps }: StudyFacts): number | null {
  const known = runs
    .filter((r) => r.counted && r.summary.wait === 'sleep' && r.summary.deployMs !== null)
    .filter((r) => current.group === undefined || variants[r.variant]?.group === current.group)
    .map(({ summary }) => {
      const asleepMore = current.afterDetachMs + current.afterAttachMs - summary.afterDetachMs - summary.afterAttachMs;
      return { ms: (summary.deployMs ?? 0) + sleeps * asleepMore, far: Math.abs(asleepMore) };
    });
  const nearest = Math.min(...known.map((k) => k.far));
  const times = known.filter((k) => k.far === nearest).map((k) => k.ms);
  return times.length === 0 ? null : times.sort((a, b) => a - b)[Math.floor((times.length - 1) / 2)]!;
}

/** Isotonic fit along the single sleep, group by group; null where the sleeps are not one. */
function fittedOf({ variants, runs }: StudyFacts): (number | null)[] {
  const fits = new Array<number | null>(variants.length).fill(null);
  for (const group of new Set(variants.map((v) => v.group))) {
    const own = variants.map((variant, index) => ({ variant, index })).filter((m) => m.variant.group === group);
    if (axesOf(own.map((m) => m.variant))[0] !== 'sleep') continue;
    const points = downtimeCurve(
      own.map(({ variant, index }) => {
        const counted = runs.filter((r) => r.variant === index && r.counted);
        const bad = counted.filter((r) => r.summary.verdict === 'FAIL').length;
        return { sleepMs: variant.afterDetachMs, runs: counted.length, bad };
      }),
    );
    for (const { variant, index } of own)
      fits[index] = points.find((p) => p.sleepMs === variant.afterDetachMs)?.fitted ?? null;
  }
  return fits;
}
