import { createHash } from 'node:crypto';
import { seedFor } from '../compare/study-plan.js';
import type { Scenario } from '../domain/scenario.js';
import { type Power, powerOf } from '../evidence/power.js';
import { pipelineOf, sleepMsOf } from '../pipeline/compile.js';
import type { PreparedVariant } from './compare-variants.js';

/** The least a study watches before each deploy, ms (verdict.md §8). */
const BASELINE_MIN_MS = 10_000;
/** More than the requests needed, so that a late one more or less does not cost a run. */
const SPARE = 1.1;
/** Starting a lab, reading the facts and writing the reports, ms. */
const AROUND_RUN_MS = 4_000;

/** Deploys of one target after the other, as the scenario plans them. */
export function deploysOf(scenario: Scenario): number {
  return pipelineOf(scenario, null)
    .stages.flatMap((s) => s.steps)
    .filter((s) => s.kind === 'deploy').length;
}

/** How often the scenario sleeps after a detach: once per target, in blue-green once per group. */
export function sleepsOf(scenario: Scenario): number {
  const all = pipelineOf(scenario, null).stages.flatMap((s) => s.steps);
  const sleeps = all.filter((s) => s.kind === 'sleep' && s.why === 'after-detach').length;
  return sleeps === 0 ? all.filter((s) => s.kind === 'detach').length : sleeps;
}

/** The group of the scenario's own values but the sleeps; null = the variants have others. */
export function ownGroup(own: Scenario, variants: readonly PreparedVariant[]): string | null {
  const others = ({ rollout, ...rest }: Scenario) =>
    JSON.stringify({ ...rest, rollout: { ...rollout, sleep: null, wait: null } });
  const same = variants.filter(({ scenario }) => others(scenario) === others(own));
  const found = same.find(({ variant }) => variant.wait === 'sleep') ?? same[0];
  return found?.variant.group ?? null;
}

/** What the traffic of a variant can prove when each deploy takes `deployGuessMs`. */
export function variantPower(scenario: Scenario, deployGuessMs: number): Power {
  return powerOf(scenario, { deployMs: sleepMsOf(pipelineOf(scenario, null)) + deploysOf(scenario) * deployGuessMs });
}

/**
 * A variant as a study runs it: a long enough baseline, and settling so much longer after a short deploy that the
 * requests suffice for a verdict. Without it short sleeps could only ever end undecided.
 */
export function studied(scenario: Scenario, deployGuessMs: number): Scenario {
  const { traffic } = scenario;
  const calm = { ...scenario, traffic: { ...traffic, baselineMs: Math.max(BASELINE_MIN_MS, traffic.baselineMs) } };
  const { requestsExpected, requestsNeeded } = variantPower(calm, deployGuessMs);
  const missing = requestsNeeded * SPARE - requestsExpected;
  if (!(missing > 0) || !Number.isFinite(missing)) return calm;
  const perMs = (traffic.ratePerSecond + (traffic.lanes.long?.ratePerSecond ?? 0)) / 1000;
  const settleMs = Math.ceil((traffic.settleMs + missing / perMs) / 100) * 100;
  return { ...calm, traffic: { ...calm.traffic, settleMs } };
}

/** Which of the two versions a run brings. */
export interface Versions {
  readonly version: string;
  readonly previousVersion: string;
}

/**
 * The scenario of one attempt. Everything drawn at random gets a seed of its own, in the lab the balancer's delays too:
 * with one seed every repeat would be the same deploy, and with one per block the needs would not be independent.
 */
export function attemptScenario(
  scenario: Scenario,
  versions: Versions,
  seed: number,
  attempt: { readonly block: number; readonly variant: number; readonly attempt: number },
): Scenario {
  const key = `${attempt.block}/${attempt.variant}/${attempt.attempt}`;
  const { balancer } = scenario;
  return {
    ...scenario,
    rollout: { ...scenario.rollout, ...versions },
    traffic: { ...scenario.traffic, seed: seedFor(seed, `traffic/${key}`) },
    balancer: balancer.kind === 'lab' ? { ...balancer, seed: seedFor(seed, `lab/${key}`) } : balancer,
    // What the file is known to end in was said of the file, not of what is swept.
    expect: null,
  };
}

/** How long one run takes, ms; waits for health and undecided attempts come on top. */
export function runTimeMs(scenario: Scenario, deployGuessMs: number, washoutMs: number): number {
  const { warmUpMs, baselineMs, settleMs } = scenario.traffic;
  const asleep = sleepMsOf(pipelineOf(scenario, null)) + deploysOf(scenario) * deployGuessMs;
  return warmUpMs + baselineMs + asleep + settleMs + washoutMs + AROUND_RUN_MS;
}

/** Changes with anything a study would not want to mix: what the file says, what is swept, and how it is judged. */
export function fingerprintOf(variants: readonly PreparedVariant[]): string {
  const text = JSON.stringify(variants.map(({ variant, scenario }) => [variant, scenario]));
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
