import type { CauseCode } from '../../src/domain/outage.js';
import type { RunResult } from '../../src/domain/result.js';
import type { VerdictKind } from '../../src/domain/verdict.js';
import type { Random } from './random.js';
import type { Truth } from './simulation.js';
import type { World } from './world.js';

/** A sort of run with known truth, and what its verdicts must be. */
export interface Kind {
  readonly name: string;
  /** One line for the table. */
  readonly what: string;
  readonly draw: (random: Random) => World;
  /** What is demanded, in words; null = only reported. */
  readonly demand: string | null;
  /** Whether a run of this kind breaks the demand; null = the demand does not apply to this run. */
  readonly isWrong: (verdict: VerdictKind, truth: Truth, result: RunResult) => boolean | null;
  /** Share of the runs it applies to that may break it. */
  readonly tolerated: number;
  /**
   * How many standard deviations of chance that share may be missed by. 0 unless the share is the exact level of a test:
   * that test breaks it by chance in every other study.
   */
  readonly toleratedSigmas: number;
  /** The one cause of everything that fails in it: it must rank first in 99 % of the runs in which something failed. */
  readonly cause: CauseCode | null;
  /** Everything that fails in it has nothing to do with the deploy. */
  readonly noDeployCause: boolean;
  /** Whether its intervals are held against the truth at their nominal level. */
  readonly measures: { readonly lags: boolean; readonly windows: boolean; readonly bound: boolean };
}

/** No interval of a kind is held against the truth. */
export const NOTHING = { lags: false, windows: false, bound: false };

/** A kind whose gaps are filled with "only reported". */
export function kindOf(kind: Pick<Kind, 'name' | 'what' | 'draw'> & Partial<Kind>): Kind {
  return {
    demand: null,
    isWrong: () => null,
    tolerated: 0,
    toleratedSigmas: 0,
    cause: null,
    noDeployCause: false,
    measures: NOTHING,
    ...kind,
  };
}

/** A demand on every run of a kind. */
export const never = (wrong: VerdictKind) => ({
  demand: `never ${wrong}`,
  isWrong: (verdict: VerdictKind) => verdict === wrong,
});
/** A demand on every run of a kind. */
export const always = (right: VerdictKind) => ({
  demand: `always ${right}`,
  isWrong: (verdict: VerdictKind) => verdict !== right,
});
