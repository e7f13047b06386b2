import type { WaitMode } from './scenario.js';
import type { VerdictKind } from './verdict.js';

export const COMPARISON_SCHEMA = 'rollproof.comparison/1';

/** One setting a study tries. */
export interface Variant {
  /** Ready to print, e.g. `sleep 5 s`, `sleep 2 s after detach, 4 s after attach`, `wait health`, `rollout.strategy=rolling`. */
  readonly label: string;
  /** Everything swept but the sleeps; sleeps are compared within one group only. Empty when only sleeps vary. */
  readonly group: string;
  readonly afterDetachMs: number;
  readonly afterAttachMs: number;
  readonly wait: WaitMode;
  /** What the scenario file is overridden with, as it would be written there. */
  readonly overrides: readonly Override[];
}
/** A value of the scenario given on the command line: dotted path and YAML text. */
export interface Override {
  readonly path: string;
  readonly text: string;
}

/** Which balancer, in which environment: observations of different ones are never pooled. */
export interface Place {
  readonly environment: string;
  /** `lab` is never pooled with anything real, whatever it is called. */
  readonly balancerKind: string;
  readonly balancerName: string;
}

/** What one target's replacement says of the waiting it needed, ms; null: not observed to its end. */
export interface TargetNeedFacts {
  readonly target: string;
  readonly detachNeedMs: number | null;
  readonly attachLagMs: number | null;
  /** Requests still failed while its application was down: the sleep was too short for sure. */
  readonly tooShort: boolean;
}

/** One detach and what followed, ms from the balancer's acknowledgement: a small multiple of the page. */
export interface AlignedDetach {
  readonly target: string;
  readonly lastRoutedMs: number | null;
  readonly drainEndMs: number | null;
  readonly steps: readonly { readonly kind: string; readonly fromMs: number; readonly toMs: number }[];
  /** When requests failed, by their end where they had one; at most {@link ALIGNED_FAILURES}, evenly thinned. */
  readonly failuresMs: readonly number[];
  readonly failures: number;
  readonly untilMs: number;
}
export const ALIGNED_FAILURES = 300;

/** What a comparison keeps of one run. */
export interface RunSummary {
  readonly runId: string;
  /** Run directory, relative to the study (or as given). */
  readonly dir: string;
  readonly scenario: string;
  readonly startedAt: string;
  readonly toolVersion: string;
  readonly place: Place;
  readonly version: string;
  readonly previousVersion: string | null;
  readonly afterDetachMs: number;
  readonly afterAttachMs: number;
  readonly wait: WaitMode;
  /** Whether every target was rolled, whatever the traffic saw. */
  readonly deployComplete: boolean;
  readonly verdict: VerdictKind;
  readonly codes: readonly string[];
  readonly sentence: string;
  readonly judged: number;
  readonly failed: number;
  readonly longestOutageMs: number;
  readonly totalOutageMs: number;
  /** Upper bound of the failure probability of this one deploy, and as time. */
  readonly rateUpper: number | null;
  readonly equivalentDowntimeMs: number | null;
  readonly deployMs: number | null;
  readonly asleepMs: number;
  readonly durationMs: number;
  readonly p99BaselineMs: number | null;
  readonly p99DeployMs: number | null;
  readonly marginMs: number | null;
  /** In the order of their detaches. */
  readonly targets: readonly TargetNeedFacts[];
  readonly aligned: readonly AlignedDetach[];
}

/** A run as part of a study. */
export interface StudyRun {
  readonly variant: number;
  /** From 0. */
  readonly block: number;
  /** From 1; more than 1 after an INCONCLUSIVE or interrupted attempt. */
  readonly attempt: number;
  /** Whether it counts: PASS or FAIL. */
  readonly counted: boolean;
  readonly summary: RunSummary;
}

/** One variant over all its runs. Null = no run says so. */
export interface VariantRow {
  readonly variant: Variant;
  readonly runs: number;
  readonly bad: number;
  /** Attempts that were INCONCLUSIVE: repeated, not counted. */
  readonly undecided: number;
  /** Places in blocks given up after too many undecided attempts; these count as not safe. */
  readonly givenUp: number;
  readonly requests: number;
  readonly failed: number;
  readonly failedMin: number;
  readonly failedMax: number;
  readonly longestOutageMs: number;
  readonly totalOutageMs: number;
  readonly equivalentDowntimeMs: number | null;
  /** Upper bound of the failure rate over the requests of all its runs. */
  readonly rateUpper: number | null;
  readonly deployMs: number | null;
  readonly deployMinMs: number | null;
  readonly deployMaxMs: number | null;
  /** Against the scenario's own setting. */
  readonly deltaMs: number | null;
  readonly downtimeLower: number;
  readonly downtimeUpper: number;
  /** Isotonic estimate of P(downtime), for the chart only. */
  readonly fitted: number | null;
  readonly needMedianMs: number | null;
  readonly needMaxMs: number | null;
  readonly minMarginMs: number | null;
  readonly p99DeployMs: number | null;
  /** `sleep 5 s: 0 of 20 deploys had downtime → …`. */
  readonly statement: string;
  readonly standing: 'proven' | 'clean' | 'downtime' | 'unknown';
}

/** What a study says of one sleep. */
export interface Recommendation {
  readonly of: 'sleep' | 'sleep after detach' | 'sleep after attach';
  readonly group: string;
  /** Downtime is wanted in at most this share of deploys, with confidence 1 − alpha. */
  readonly limit: number;
  readonly alpha: number;
  /** Whether the need is one of the ways to recommend; then each of the two has half of alpha. */
  readonly hasNeed: boolean;
  readonly candidatesMs: readonly number[];
  readonly byNeedMs: number | null;
  readonly byRunsMs: number | null;
  /** Observed, not proven. */
  readonly observedMinimumMs: number | null;
  /** Longest need seen plus margin, with what so few deploys show. */
  readonly provisional: { readonly needMs: number; readonly sleepMs: number | null; readonly share: number } | null;
  /** Runs that failed although they slept long enough. */
  readonly otherCauses: readonly string[];
  readonly nonMonotone: string | null;
  readonly table: readonly {
    readonly sleepMs: number;
    readonly trials: number;
    readonly needMore: number;
    readonly needUpper: number;
    readonly needShown: boolean;
    readonly runs: number;
    readonly bad: number;
    readonly runsUpper: number;
    readonly runsShown: boolean;
  }[];
  readonly needs: readonly {
    readonly sleepMs: number;
    readonly needMs: number;
    readonly censored: boolean;
    readonly failed: boolean;
  }[];
  /** Kaplan–Meier: estimated share of deploys that need more than `needMs`. */
  readonly survival: readonly { readonly needMs: number; readonly share: number }[];
  /** The sentence to act on, with its confidence or with the words that it is none. */
  readonly statement: string;
}

/** Two runs (or sets) held against each other: `better` and `worse` are never colour alone. */
export interface Change {
  readonly what: string;
  readonly from: string;
  readonly to: string;
  readonly judgement: 'better' | 'worse' | 'same';
}

export interface Comparison {
  readonly schema: typeof COMPARISON_SCHEMA;
  readonly kind: 'study' | 'runs';
  readonly name: string;
  readonly place: Place;
  readonly toolVersion: string;
  readonly startedAt: string;
  readonly command: readonly string[];
  readonly scenarioFile: string | null;
  readonly seed: number | null;
  readonly repeats: number | null;
  /** False while runs of the plan are missing. */
  readonly complete: boolean;
  readonly targets: number;
  readonly alpha: number;
  readonly limit: number;
  /** One sentence: what to do. */
  readonly headline: string;
  readonly standing: 'proven' | 'observed' | 'none' | 'other-cause';
  readonly rows: readonly VariantRow[];
  readonly runs: readonly StudyRun[];
  readonly recommendations: readonly Recommendation[];
  /** Side by side only: every run against the first. */
  readonly changes: readonly { readonly run: number; readonly changes: readonly Change[] }[];
  readonly proves: readonly string[];
  readonly doesNotProve: readonly string[];
}

/** One line of history.jsonl: what one run adds to what is known of one place. */
export interface LedgerEntry {
  readonly schema: 'rollproof.history/1';
  readonly runId: string;
  readonly startedAt: string;
  readonly scenario: string;
  readonly place: Place;
  readonly afterDetachMs: number;
  readonly afterAttachMs: number;
  readonly wait: WaitMode;
  readonly verdict: VerdictKind;
  /** Part of a comparison, which tries sleeps that are too short on purpose: no part of the verdict's trend. */
  readonly study: boolean;
  /** Y of the deploy (verdict.md §8), or the sleep when censored; null when nothing was observed. */
  readonly needMs: number | null;
  readonly censored: boolean;
  readonly version: string;
  readonly previousVersion: string | null;
  readonly toolVersion: string;
}

/** What the ledger says of one environment and balancer. */
export interface PlaceHistory {
  readonly place: Place;
  readonly entries: readonly LedgerEntry[];
  /** Runs outside studies that ended in PASS or FAIL, and those of them with downtime. */
  readonly deploys: number;
  readonly bad: number;
  readonly undecided: number;
  readonly alpha: number;
  /** At most this share of such deploys has downtime (1 − alpha). */
  readonly downtimeUpper: number;
  /** All observations of the need, studies included. */
  readonly needs: number;
  readonly censored: number;
  readonly needMedianMs: number | null;
  readonly needP95Ms: number | null;
  readonly needMaxMs: number | null;
  /** At least this share of deploys needs no more than the longest need seen; null when some need was censored. */
  readonly shareShown: number | null;
  readonly survival: readonly { readonly needMs: number; readonly share: number }[];
}
