import type { Command } from 'commander';
import { EXIT } from '../domain/errors.js';
import { stepLabel } from '../domain/pipeline.js';
import type { Scenario } from '../domain/scenario.js';
import { formatDuration } from '../domain/time.js';
import { type Power, type PowerProblem, powerOf } from '../evidence/power.js';
import { pipelineOf, sleepMsOf } from '../pipeline/compile.js';
import { plainLine } from '../report/plain-text.js';
import { balancerWords } from './balancer-words.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';
import { scenarioFrom } from './run.js';

/** `rollproof plan SCENARIO`: what `run` would do and could prove. Asks and touches nothing. */
export function addPlan(program: Command, io: Io, finish: Finish): void {
  program
    .command('plan')
    .description('print the pipeline, its duration and what the traffic could prove; touches nothing')
    .argument('<scenario>', 'scenario file (YAML)')
    .option('--json', 'print it as JSON')
    .action(async (file: string, options: { json?: true }) => {
      const scenario = await scenarioFrom(file, io);
      const power = powerOfRun(scenario);
      const plan = {
        scenario: scenario.name,
        pipeline: pipelineOf(scenario, null),
        expectedMs: expectedMs(scenario),
        power,
      };
      io.stdout.write(options.json === true ? `${JSON.stringify(plan, null, 2)}\n` : planText(scenario, power));
      finish(power.canPass ? EXIT.pass : EXIT.inconclusive);
    });
}

/** What could be proven if the deploys themselves took no time: the cautious side. */
function powerOfRun(scenario: Scenario, deployMs = sleepMsOf(pipelineOf(scenario, null))): Power {
  return powerOf(scenario, { deployMs });
}

/**
 * Why this scenario cannot PASS, ready to print; null when it can.
 * @param deployMs how long the deploy may take where it is not the scenario's own.
 */
export function powerProblemsText(scenario: Scenario, deployMs?: number): string | null {
  const power = powerOfRun(scenario, deployMs);
  if (power.canPass) return null;
  return `this scenario cannot PASS, whatever happens:\n${problemLines(power.problems)}`;
}

/** Sleeps, warm-up, baseline and settle, ms; deploys and waits come on top. */
export function expectedMs(scenario: Scenario): number {
  const { warmUpMs, baselineMs, settleMs } = scenario.traffic;
  return warmUpMs + baselineMs + sleepMsOf(pipelineOf(scenario, null)) + settleMs;
}

function planText(scenario: Scenario, power: Power): string {
  const { balancer, traffic, targets, rollout } = scenario;
  const pipeline = pipelineOf(scenario, null);
  const stages = pipeline.stages.map(
    (s) => `  ${plainLine(s.name)}\n${s.steps.map((step) => `    ${plainLine(stepLabel(step))}\n`).join('')}`,
  );
  const long =
    traffic.lanes.long === null
      ? 'no long lane'
      : `plus ${traffic.lanes.long.ratePerSecond}/s held ${formatDuration(traffic.lanes.long.minHoldMs)} to ${formatDuration(traffic.lanes.long.maxHoldMs)}`;
  return `${plainLine(scenario.name)}: ${plainLine(rollout.version)} over ${targets.map((t) => plainLine(t.id)).join(', ')} behind ${plainLine(balancerWords(balancer))}

pipeline
${stages.join('')}
duration     about ${formatDuration(expectedMs(scenario))}: warm-up ${formatDuration(traffic.warmUpMs)}, baseline ${formatDuration(traffic.baselineMs)}, sleeps ${formatDuration(sleepMsOf(pipeline))}, settle ${formatDuration(traffic.settleMs)}; deploys and waits come on top
traffic      ${traffic.ratePerSecond}/s (${power.lanes.map((l) => `${l.lane} ${Math.round(l.ratePerSecond)}/s`).join(', ')}) ${long}

what a clean run would prove
${power.lanes.map((l) => `  lane ${l.lane.padEnd(6)} no total outage over ${formatDuration(l.totalOutageMs)}; an outage of one target over ${formatDuration(l.targetOutageMs)} seen with 99 %\n`).join('')}  requests     at least ${power.requestsExpected.toLocaleString('en')} of the ${power.requestsNeeded.toLocaleString('en')} needed for availability ${scenario.policy.slo}
  baseline     ${power.baselineExpected.toLocaleString('en')} of the ${power.baselineNeeded.toLocaleString('en')} needed
  in flight    ${power.longInFlightPerTarget.toFixed(1)} held requests per target when it is detached
${power.problems.length === 0 ? '' : `\nit cannot PASS:\n${problemLines(power.problems)}`}${power.warnings.length === 0 ? '' : `\nwarnings:\n${problemLines(power.warnings)}`}`;
}

function problemLines(problems: readonly PowerProblem[]): string {
  return problems.map((p) => `  ${p.code}: ${plainLine(p.message)}\n    hint: ${plainLine(p.hint)}\n`).join('');
}
