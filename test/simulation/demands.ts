import { type KindReport, NOMINAL } from './study.js';

/** Share of the runs with a failure in which the one known cause must rank first. */
const ATTRIBUTED = 0.99;
/** An interval that covers exactly as often as it says falls below that by more in 1 of 700 studies. */
const COVERAGE_SIGMAS = 3;

/** One broken demand, with the numbers of the runs that broke it. */
export interface Broken {
  readonly what: string;
  readonly runs: readonly number[];
}

/**
 * What a study of one kind shows to be wrong.
 * @param sigmas how far a share may miss its limit by chance: 0 in a long study, more in a short one. Demands without
 * any tolerance have none here either.
 */
export function brokenDemands(report: KindReport, sigmas = 0): readonly Broken[] {
  const { kind, demanded, wrong, attribution, misattributed } = report;
  const broken: Broken[] = [];
  if (wrong.length > allowed(kind.tolerated, demanded, Math.max(sigmas, kind.toleratedSigmas)))
    broken.push({ what: `${kind.demand}: broken in ${wrong.length} of ${demanded} runs`, runs: wrong });
  const isCaused = kind.cause !== null || kind.noDeployCause;
  if (isCaused && misattributed.length > allowed(1 - ATTRIBUTED, attribution.of, sigmas)) {
    const cause = kind.cause ?? 'no cause of the deploy';
    broken.push({ what: `${cause} ranks first in ${attribution.held} of ${attribution.of}`, runs: misattributed });
  }
  for (const [name, { of, held }] of report.coverage) {
    const nominal = NOMINAL[name] ?? 1;
    if (held < coverageLimit(nominal, of))
      broken.push({
        what: `${name} covered ${held} of ${of}, nominal ${nominal}`,
        runs: report.missed.get(name) ?? [],
      });
  }
  return broken;
}

/** How often an interval has to cover at least, of so many. */
export function coverageLimit(nominal: number, of: number): number {
  return nominal * of - COVERAGE_SIGMAS * Math.sqrt(nominal * (1 - nominal) * of);
}

function allowed(share: number, of: number, sigmas: number): number {
  return share * of + sigmas * Math.sqrt(share * (1 - share) * of);
}
