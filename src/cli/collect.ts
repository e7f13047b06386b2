import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { RollproofError } from '../domain/errors.js';
import { readEvents } from '../journal/event-reader.js';
import { askClock } from '../traffic/fleet/ask-clock.js';
import { ClockBounds } from '../traffic/fleet/clock-offset.js';
import { type FleetPlan, parseFleetPlan } from '../traffic/fleet/fleet-plan.js';
import { FleetRows } from '../traffic/fleet/fleet-rows.js';
import { processHost } from '../traffic/foreign/process-host.js';
import { durationMs } from './argument-values.js';
import { type ClockKnowledge, type DeployFacts, writeFleetRun } from './collect-run.js';
import { writeWorkersRun } from './collect-workers.js';
import { readPodLogs } from './fleet-logs.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';
import { sendTelemetry, type TelemetryOptions, withTelemetryOptions } from './telemetry.js';

interface CollectOptions extends TelemetryOptions {
  readonly plan?: string;
  readonly events: string;
  readonly fromKubectl?: true;
  readonly namespace?: string;
  readonly selector?: string;
  readonly clock?: string;
  readonly clockError?: number;
  readonly out: string;
  readonly json?: true;
}

/** `rollproof collect FILE… --plan PLAN --events EVENTS`: judges what a fleet of generators fired while the deploy ran. */
export function addCollect(program: Command, io: Io, finish: Finish): void {
  withTelemetryOptions(program.command('collect'))
    .description('merge the rows of several generators (k6-operator’s pods, traffic workers) and judge them')
    .argument(
      '[files...]',
      'logs or CSV files of k6, one or more per pod, .gz too; for traffic workers their directories',
    )
    .option('--plan <file>', 'plan.json that the export wrote (k6)')
    .requiredOption('--events <file>', 'events.ndjson of the deploy')
    .option('--from-kubectl', 'read the logs of the pods with kubectl')
    .option('-n, --namespace <name>', 'where the pods are')
    .option('-l, --selector <labels>', 'which pods; those of the plan’s TestRuns without')
    .option(
      '--clock <how>',
      'service: compare clocks now, by the Date of 120 answers of the service (found through DNS)',
    )
    .option('--clock-error <time>', 'how far the clocks are apart at most, where you know it (NTP)', durationMs)
    .option('-o, --out <dir>', 'where the new run directory goes', 'reports')
    .option('--json', 'print result.json instead of the summary')
    .addHelpText('after', HELP)
    .action(async (files: readonly string[], options: CollectOptions) => {
      const dir = await collect(files, options, io);
      const [{ deriveReports }, { printResult }] = await Promise.all([import('./derive.js'), import('./summary.js')]);
      const derived = await deriveReports(dir);
      printResult(derived, dir, { json: options.json === true }, io);
      await sendTelemetry(derived.result, options, io);
      finish(derived.result.verdict.exitCode);
    });
}

const HELP = `
Every arrival of the plan must have its row: a missing shard, a hole in the numbers or an unreadable row ends in
INCONCLUSIVE (or FAIL), never in PASS. So does a clock that nobody compared: give --clock service or --clock-error.
Run it on the machine that ran the deploy; docs/kubernetes.md tells the rest.`;

async function collect(files: readonly string[], options: CollectOptions, io: Io): Promise<string> {
  const paths = files.map((file) => resolve(io.cwd, file));
  const eventsFile = resolve(io.cwd, options.events);
  for (const path of [...paths, eventsFile])
    if (!existsSync(path))
      throw new RollproofError('ARGUMENT_INVALID', `${path} does not exist`, { hint: 'check the path' });
  if (paths.length === 0 && options.fromKubectl !== true)
    throw new RollproofError('ARGUMENT_INVALID', 'there is nothing to collect', {
      hint: 'give the files, or --from-kubectl',
    });
  if (options.clock !== undefined && options.clock !== 'service')
    throw new RollproofError('ARGUMENT_INVALID', `--clock ${options.clock}`, { hint: 'give --clock service' });
  const facts = readEvents(eventsFile);
  const [out, at] = [resolve(io.cwd, options.out), io.wallTime()];
  if (options.plan === undefined) {
    if (paths.length === 0 || !paths.every((path) => statSync(path).isDirectory()))
      throw new RollproofError('ARGUMENT_INVALID', 'what should the rows be held against?', {
        hint: 'give --plan with rows of k6, or the directories of traffic workers',
      });
    return writeWorkersRun({ dirs: paths, facts, clockErrorMs: options.clockError ?? null, out, at });
  }
  const plan = readPlan(resolve(io.cwd, options.plan));
  const rows = new FleetRows(plan);
  await readFiles(rows, paths);
  const host = processHost(io.env);
  if (options.fromKubectl === true) {
    const selector = options.selector ?? `k6_cr in (${plan.parts.map(({ name }) => name).join(',')}),runner=true`;
    await readPodLogs(
      rows,
      { selector, ...(options.namespace === undefined ? {} : { namespace: options.namespace }) },
      host,
    );
  }
  const clock = await clockKnowledge(facts, options, io, host);
  return writeFleetRun({ plan, facts, rows, clock, out, at });
}

async function readFiles(rows: FleetRows, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      await rows.readFile(path);
    } catch (cause) {
      throw new RollproofError('ARGUMENT_INVALID', `${path}: ${(cause as Error).message}`, {
        hint: 'give what kubectl logs printed of one pod, or k6’s CSV file',
        cause,
      });
    }
  }
}

function readPlan(path: string): FleetPlan {
  try {
    return parseFleetPlan(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new RollproofError('ARGUMENT_INVALID', `${path}: ${(cause as Error).message}`, {
      hint: 'give the plan.json that rollproof export k6-operator wrote',
      cause,
    });
  }
}

/** What is known of the clocks: stated by the user, or compared through the service both sides met. */
async function clockKnowledge(
  { header }: DeployFacts,
  options: CollectOptions,
  io: Io,
  host: ReturnType<typeof processHost>,
): Promise<ClockKnowledge> {
  if (options.clockError !== undefined) return { by: 'stated', errorMs: options.clockError };
  if (options.clock === undefined) return { by: 'nothing' };
  const { service, traffic } = header.scenario;
  const bounds = new ClockBounds();
  io.stderr.write('comparing clocks with the service …\n');
  const answers = await askClock(
    {
      url: service.url,
      method: service.method,
      headers: service.headers,
      body: service.body,
      targetHeader: service.identity.target,
      insecure: traffic.tls.insecure,
      timeoutMs: traffic.timeoutMs,
    },
    bounds,
    { wallMs: host.clocks('0').wallMs, sleep: host.sleep },
  );
  if (answers === 0) io.stderr.write('no answer of the service says the time\n');
  return { by: 'service', bounds };
}
