import { isNeedCensored, type Replacement } from '../domain/result.js';
import { formatDuration } from '../domain/time.js';
import type { TargetHistory } from './lives.js';

const ENOUGH_MS = 1000;

/** Targets whose sleep only just held (verdict.md §6): margin under 1 s, or still routed to once its deploy ran. */
export function nearMisses(replacements: readonly Replacement[], lives: readonly TargetHistory[]): readonly string[] {
  return replacements.flatMap((r) => {
    const deployAt = lives.find((life) => life.target === r.target)?.deployStartedAt ?? null;
    const isRoutedLate = deployAt !== null && r.lastRoutedAt !== null && r.lastRoutedAt >= deployAt;
    if (isRoutedLate)
      return [
        `${r.target} was still sent requests ${formatDuration(r.lastRoutedAt - deployAt)} after its deploy had begun`,
      ];
    if (isNeedCensored(r))
      return [`the sleep of ${r.target} was too short: requests failed while its application was down`];
    if (r.marginMs === null || r.marginMs >= ENOUGH_MS) return [];
    const margin = formatDuration(Math.abs(r.marginMs));
    return [
      r.marginMs >= 0
        ? `the sleep of ${r.target} had only ${margin} to spare`
        : `the sleep of ${r.target} was ${margin} too short`,
    ];
  });
}
