import { LANES } from '../../domain/sample.js';
import { KeptAliveCount, keptAliveProblem, type Places } from '../foreign/kept-alive.js';
import type { ImportColumns } from './import-columns.js';

/**
 * Why the rows prove nothing about kept-alive connections, or null. Where nobody knows how many connections were kept, the
 * later half of the rows is asked: none of them needs to be the first on its connection.
 */
export function keptConnectionsProblem(
  columns: ImportColumns,
  places: Omit<Places, 'places' | 'shown'> & {
    readonly places: number | null;
    /** The clock counts whole ms. */
    readonly isCoarse: boolean;
  },
): string | null {
  const count = keptAliveOf(columns, places.places === null ? Math.floor(columns.length / 2) : 0);
  const { isCoarse, ...known } = places;
  return keptAliveProblem(count, { ...known, places: places.places ?? 0, shown: isCoarse ? count.shown : 1 });
}

function keptAliveOf(columns: ImportColumns, first: number): KeptAliveCount {
  const count = new KeptAliveCount();
  for (let row = first; row < columns.length; row++) {
    const sentAt = columns.sentAt[row]!;
    if (Number.isNaN(sentAt)) continue;
    count.add({
      lane: LANES[columns.lane[row]!] ?? 'new',
      isReused: columns.connectionUse[row] === 2,
      isFailed: columns.error[row] !== 0,
      isSeenConnecting: columns.connectedAt[row]! > sentAt,
    });
  }
  return count;
}
