import { RollproofError } from '../domain/errors.js';
import { EVENT_SCHEMA_VERSION } from '../domain/event.js';

/** One parsed line of events.ndjson before its shape is checked. */
export type RawFact = Readonly<Record<string, unknown>>;

/** Rewrites one line of the schema version it is filed under into the next version. */
export type Upgrade = (line: RawFact) => RawFact;

/**
 * Upgrades by the version they start from. Version 1 is the first, so the table is empty; a version 2 adds
 * `1: (line) => …` here, and every old run directory keeps reading.
 */
export const UPGRADES: Readonly<Record<number, Upgrade>> = {};

/** The steps from `version` to the current one, in order; throws for a version from the future or without a path. */
export function upgradesFrom(
  version: number,
  table: Readonly<Record<number, Upgrade>> = UPGRADES,
  current: number = EVENT_SCHEMA_VERSION,
): readonly Upgrade[] {
  if (version > current) {
    throw new RollproofError(
      'FACTS_FROM_THE_FUTURE',
      `this run directory has schema version ${version}, this rollproof reads up to ${current}`,
      { hint: 'Update rollproof, or use the version that made the run.' },
    );
  }
  const steps: Upgrade[] = [];
  for (let from = version; from < current; from++) {
    const step = table[from];
    if (step === undefined) {
      throw new RollproofError('RUN_DIRECTORY_INVALID', `no upgrade from schema version ${from}`, {
        hint: 'Use the rollproof version that made the run.',
      });
    }
    steps.push(step);
  }
  return steps;
}
