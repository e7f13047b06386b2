import { availabilityBudget } from './availability-budget.js';
import { baselineQuiet } from './baseline-quiet.js';
import type { Check } from './check.js';
import { deployComplete } from './deploy-complete.js';
import { deployMechanism } from './deploy-mechanism.js';
import { drainExercised } from './drain-exercised.js';
import { enoughRequests } from './enough-requests.js';
import { evidenceExists } from './evidence-exists.js';
import { excessFailures } from './excess-failures.js';
import { factsComplete } from './facts-complete.js';
import { baselineLength } from './gates/baseline-length.js';
import { clock } from './gates/clock.js';
import { controlProbe } from './gates/control-probe.js';
import { generatorClientErrors } from './gates/generator-client-errors.js';
import { generatorDropped } from './gates/generator-dropped.js';
import { generatorLate } from './gates/generator-late.js';
import { generatorLost } from './gates/generator-lost.js';
import { generatorStall } from './gates/generator-stall.js';
import { stamps } from './gates/stamps.js';
import { lanesRun } from './lanes-run.js';
import { noDowntime } from './no-downtime.js';
import { nodesSeen } from './nodes-seen.js';
import { notInterrupted } from './not-interrupted.js';
import { outageLength } from './outage-length.js';
import { policyValid } from './policy-valid.js';
import { resolution } from './resolution.js';
import { rightVersion } from './right-version.js';
import { sleepMargin } from './sleep-margin.js';
import { slowRequests } from './slow-requests.js';
import { targetsReplaced } from './targets-replaced.js';

/** At least one: "no checks" does not type-check, so it can never be a PASS. */
export type NonEmpty<T> = readonly [T, ...T[]];

/** The generator-health gates of verdict.md §2, in the order their codes are listed. */
export const GATES: NonEmpty<Check> = [
  generatorLost,
  generatorDropped,
  generatorClientErrors,
  generatorStall,
  generatorLate,
  controlProbe,
  baselineLength,
  stamps,
  clock,
];

/** Every judgement, in the order reports show them. */
export const CHECKS: NonEmpty<Check> = [
  policyValid,
  noDowntime,
  availabilityBudget,
  outageLength,
  excessFailures,
  deployMechanism,
  rightVersion,
  slowRequests,
  notInterrupted,
  evidenceExists,
  factsComplete,
  ...GATES,
  deployComplete,
  targetsReplaced,
  drainExercised,
  lanesRun,
  resolution,
  enoughRequests,
  sleepMargin,
  baselineQuiet,
  nodesSeen,
];
