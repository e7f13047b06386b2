import type { Recommendation, StudyRun, Variant, VariantRow } from '../domain/comparison.js';
import { binomialLower, binomialUpper } from '../stats/binomial.js';
import { quantile } from '../stats/quantile.js';
import { deployNeedMs, sleepAlong } from './run-needs.js';
import { confidenceOf, ratioText, sleepStatement } from './statement.js';

/** What a row is made from. */
export interface RowInput {
  readonly variant: Variant;
  /** All attempts at the variant. */
  readonly attempts: readonly StudyRun[];
  readonly givenUp: number;
  readonly alpha: number;
  /** Deploy time of the scenario's own setting, ms. */
  readonly currentDeployMs: number | null;
  readonly recommendations: readonly Recommendation[];
  readonly fitted: number | null;
}

/** The figures of one variant over its counted runs (verdict.md §8). */
export function variantRow(input: RowInput): VariantRow {
  const { variant, attempts, alpha } = input;
  const runs = attempts.filter((r) => r.counted).map((r) => r.summary);
  const bad = runs.filter((r) => r.verdict === 'FAIL').length;
  const failures = runs.map((r) => r.failed);
  const [requests, failed] = [sum(runs.map((r) => r.judged)), sum(failures)];
  const deploys = present(runs.map((r) => r.deployMs));
  const deployMs = median(deploys);
  const needs = present(runs.map(deployNeedMs));
  const isClean = bad === 0 && runs.length > 0;
  return {
    variant,
    runs: runs.length,
    bad,
    undecided: attempts.filter((r) => !r.counted).length,
    givenUp: input.givenUp,
    requests,
    failed,
    failedMin: least(failures) ?? 0,
    failedMax: most(failures) ?? 0,
    longestOutageMs: most(runs.map((r) => r.longestOutageMs)) ?? 0,
    totalOutageMs: sum(runs.map((r) => r.totalOutageMs)),
    equivalentDowntimeMs: most(present(runs.map((r) => r.equivalentDowntimeMs))),
    rateUpper: requests > 0 ? binomialUpper(failed, requests, alpha) : null,
    deployMs,
    deployMinMs: least(deploys),
    deployMaxMs: most(deploys),
    deltaMs: deployMs === null || input.currentDeployMs === null ? null : deployMs - input.currentDeployMs,
    downtimeLower: runs.length === 0 ? 0 : binomialLower(bad, runs.length, alpha),
    downtimeUpper: runs.length === 0 ? 1 : binomialUpper(bad, runs.length, alpha),
    fitted: input.fitted,
    needMedianMs: median(needs),
    needMaxMs: most(needs),
    minMarginMs: least(present(runs.map((r) => r.marginMs))),
    p99DeployMs: median(present(runs.map((r) => r.p99DeployMs))),
    statement: statementOf(variant, runs.length, bad, alpha),
    standing:
      bad > 0
        ? 'downtime'
        : isClean && isProven(variant, input.recommendations)
          ? 'proven'
          : isClean
            ? 'clean'
            : 'unknown',
  };
}

function statementOf(variant: Variant, runs: number, bad: number, alpha: number): string {
  const isPlain = variant.group === '' && variant.afterDetachMs === variant.afterAttachMs && variant.wait === 'sleep';
  if (isPlain) return sleepStatement({ sleepMs: variant.afterDetachMs, runs, bad }, alpha);
  if (runs === 0) return `${variant.label}: no deploy was observed, nothing is known of it`;
  const upper = binomialUpper(bad, runs, alpha);
  const bound = upper < 0.9995 ? ` → at most ${ratioText(upper)} of such deploys (${confidenceOf(alpha)})` : '';
  return `${variant.label}: ${bad} of ${runs} deploys had downtime${bound}`;
}

/** Every sleep of the variant is at least one that is recommended. */
function isProven(variant: Variant, recommendations: readonly Recommendation[]): boolean {
  const own = recommendations.filter((r) => r.group === variant.group);
  const least = (r: Recommendation): number => r.byNeedMs ?? r.byRunsMs ?? Number.POSITIVE_INFINITY;
  return variant.wait === 'sleep' && own.length > 0 && own.every((r) => sleepAlong(r.of, variant) >= least(r));
}

const present = (values: readonly (number | null)[]): number[] => values.filter((v) => v !== null);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const most = (values: readonly number[]): number | null => (values.length === 0 ? null : Math.max(...values));
const least = (values: readonly number[]): number | null => (values.length === 0 ? null : Math.min(...values));
const median = (values: readonly number[]): number | null => quantile(Float64Array.from(values), 0.5);
