import { LANES } from '../../domain/sample.js';
import { KeptAliveCount, keptAliveProblem, type Places } from '../foreign/kept-alive.js';
import type { ImportColumns } from './import-columns.js';

/** What is known of the engine that wrote the rows. */
export interface KeptBy extends Pick<Places, 'ratePerSecond'> {
  /** Connections it kept at most; null = nobody knows. */
  readonly places: number | null;
  /** Its clock counts whole ms. */
  readonly isCoarse: boolean;
}

/**
 * Why the rows prove nothing about kept-alive connections, or null. Where nobody knows how many were kept, the later half of
 * lane reuse is asked: none of its requests needs to be the first on its connection.
 */
export function keptConnectionsProblem(columns: ImportColumns, { places, isCoarse, ...turns }: KeptBy): string | null {
  const count = usesOf(columns, places === null ? Math.ceil(usesOf(columns, 0).sent / 2) : 0);
  return keptAliveProblem(count, { ...turns, places: places ?? 0, shown: isCoarse ? count.shown : 1 });
}

/** All uses of connections but the first ones of lane reuse. */
function usesOf(columns: ImportColumns, skipped: number): KeptAliveCount {
  const count = new KeptAliveCount();
  let left = skipped;
  for (let row = 0; row < columns.length; row++) {
    const sentAt = columns.sentAt[row]!;
    const lane = LANES[columns.lane[row]!] ?? 'new';
    if (Number.isNaN(sentAt) || (lane === 'reuse' && left-- > 0)) continue;
    count.add({
      lane,
      isReused: columns.connectionUse[row] === 2,
      isFailed: columns.error[row] !== 0,
      isSeenConnecting: columns.connectedAt[row]! > sentAt,
    });
  }
  return count;
}
