import type { LedgerEntry, PlaceHistory, RunSummary } from '../domain/comparison.js';
import { binomialUpper } from '../stats/binomial.js';
import { kaplanMeier } from '../stats/kaplan-meier.js';
import { quantile } from '../stats/quantile.js';
import { shareShown } from './budget.js';
import { placeKey } from './place.js';
import { deployNeedMs, needAlong } from './run-needs.js';

/** What one run adds to the ledger (verdict.md §8): one observation of its environment and balancer. */
export function ledgerEntry(summary: RunSummary, study: boolean): LedgerEntry {
  const isObserved = summary.targets.length > 0 && summary.aligned.length > 0 && summary.verdict !== 'ERROR';
  const needMs = deployNeedMs(summary);
  const seen = needAlong('sleep', summary);
  return {
    schema: 'rollproof.history/1',
    runId: summary.runId,
    startedAt: summary.startedAt,
    scenario: summary.scenario,
    place: summary.place,
    afterDetachMs: summary.afterDetachMs,
    afterAttachMs: summary.afterAttachMs,
    wait: summary.wait,
    verdict: summary.verdict,
    study,
    needMs: isObserved ? (needMs ?? seen.sleepMs) : null,
    censored: isObserved && needMs === null,
    version: summary.version,
    previousVersion: summary.previousVersion,
    toolVersion: summary.toolVersion,
  };
}

/** One run is one line, whoever writes it how often. */
export function entryKey({ runId, startedAt }: Pick<LedgerEntry, 'runId' | 'startedAt'>): string {
  return JSON.stringify([runId, startedAt]);
}

/**
 * The ledger by environment and balancer, in the order they first appear; lab and real never meet. The deploy-level
 * bound counts runs outside studies only: a study tries sleeps that are too short on purpose. An undecided run is no
 * deploy, neither good nor bad.
 */
export function placeHistories(entries: readonly LedgerEntry[], alpha: number): PlaceHistory[] {
  const unique = new Map(entries.map((entry) => [entryKey(entry), entry]));
  const places = new Map<string, LedgerEntry[]>();
  for (const entry of unique.values()) {
    const key = placeKey(entry.place);
    places.set(key, [...(places.get(key) ?? []), entry]);
  }
  return [...places.values()].map((own) => placeHistory(own, alpha));
}

function placeHistory(entries: readonly LedgerEntry[], alpha: number): PlaceHistory {
  const ordered = [...entries].sort((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0));
  const own = ordered.filter((e) => !e.study);
  const counted = own.filter((e) => e.verdict === 'PASS' || e.verdict === 'FAIL');
  const bad = counted.filter((e) => e.verdict === 'FAIL').length;
  const observed = ordered.filter((e) => e.needMs !== null);
  const known = Float64Array.from(
    observed.filter((e) => !e.censored),
    (e) => e.needMs ?? 0,
  );
  const censored = observed.length - known.length;
  const steps = kaplanMeier(
    Float64Array.from(observed, (e) => e.needMs ?? 0),
    Uint8Array.from(observed, (e) => (e.censored ? 0 : 1)),
  );
  return {
    place: ordered[0]!.place,
    entries: ordered,
    deploys: counted.length,
    bad,
    undecided: own.length - counted.length,
    alpha,
    downtimeUpper: counted.length === 0 ? 1 : binomialUpper(bad, counted.length, alpha),
    needs: observed.length,
    censored,
    // A quantile among known needs alone would be too short where some are censored.
    needMedianMs: censored === 0 ? quantile(known, 0.5) : null,
    needP95Ms: censored === 0 ? quantile(known, 0.95) : null,
    needMaxMs: known.length === 0 ? null : Math.max(...known),
    shareShown: censored === 0 && known.length > 0 ? shareShown(known.length, alpha) : null,
    survival: steps.map(({ time, survival }) => ({ needMs: time, share: survival })),
  };
}
