import { SAMPLE_CLASSES } from '../../domain/outage.js';
import type { JudgedSamples } from '../judged-samples.js';
import { failsMore } from './background.js';

const APP_ERROR = SAMPLE_CLASSES.indexOf('http_5xx_app');
const ASSERTION = SAMPLE_CLASSES.indexOf('assertion');

/** Which version answers with errors of its own. */
export interface VersionErrors {
  /** The new version errs more often than the old one did. */
  readonly newFails: boolean;
  /** The old version errs more often since the new one is in service than before. */
  readonly oldFails: boolean;
}

/**
 * Holds the answers of both versions against each other, by the exact test. Answers that show an overload are left out:
 * they say something on the capacity left, and nothing on the version that had to bear it.
 */
export function versionErrors(
  samples: JudgedSamples,
  version: string,
  firstAttachAt: number,
  isOverload: (row: number) => boolean,
): VersionErrors {
  const { table, ok, failed, inBaseline, inWindow } = samples;
  const current = { k: 0, n: 0 };
  const beside = { k: 0, n: 0 };
  const before = { k: 0, n: 0 };
  for (let row = 0; row < table.length; row++) {
    if (inWindow[row] === 0 && inBaseline[row] === 0) continue;
    const isError = failed[row] === 1 && (samples.class[row] === APP_ERROR || samples.class[row] === ASSERTION);
    if ((!isError && ok[row] === 0) || (isError && isOverload(row))) continue;
    const said = table.version.values[table.version.codes.at(row)] ?? null;
    if (said === null) continue;
    const isNew = said === version && inWindow[row] === 1;
    const tally = isNew ? current : table.sentAt.at(row) >= firstAttachAt ? beside : before;
    tally.n++;
    tally.k += isError ? 1 : 0;
  }
  return { newFails: failsMore(current, before), oldFails: failsMore(beside, before) };
}
