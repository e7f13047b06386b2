import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { redactScenario } from '../config/redaction.js';
import { EXIT, RollproofError } from '../domain/errors.js';
import { EVENT_SCHEMA_VERSION, type RunEvent, type RunHeader, type Segment } from '../domain/event.js';
import type { EngineEnd } from '../domain/ports.js';
import type { Scenario } from '../domain/scenario.js';
import { openEventWriter } from '../journal/event-writer.js';
import { createRunDirectory, runPaths, sampleFile } from '../journal/run-directory.js';
import { openSampleWriter } from '../journal/sample-writer.js';
import { plainLine } from '../report/plain-text.js';
import { realClock } from '../run/clock.js';
import { embeddedEngine } from '../traffic/embedded/engine.js';
import { MAX_SEGMENTS, parseSegment, segmentSource } from '../traffic/segments.js';
import { durationMs } from './argument-values.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';
import { type ResolveOptions, resolveOverrides, withResolve } from './resolve-option.js';
import { scenarioFrom } from './run.js';
import { toolVersion } from './version.js';

interface WorkerOptions extends ResolveOptions {
  readonly segment: Segment;
  readonly start: number;
  readonly duration: number;
  readonly out: string;
}

/** `rollproof traffic worker SCENARIO`: one segment of the plan, fired from this machine. Judges nothing. */
export function addTrafficWorker(group: Command, io: Io, finish: Finish): void {
  withResolve(
    group
      .command('worker')
      .description('fire one segment of the plan from a given moment; rollproof collect merges the segments')
      .argument('<scenario>', 'scenario file (YAML), the same on every machine')
      .requiredOption('--segment <i/n>', `which of how many, e.g. 1/3; ${MAX_SEGMENTS} at most`, segment)
      .requiredOption(
        '--start <time>',
        'first arrival, the same on every machine: UTC such as 2026-11-22T08:15:00Z',
        startTime,
      )
      .addOption(
        new Option('--duration <time>', 'how long it fires: longer than the deploy takes')
          .argParser(durationMs)
          .default(600_000, '10m'),
      )
      .option('-o, --out <dir>', 'where its run directory goes', 'reports'),
  ).action(async (file: string, options: WorkerOptions) => {
    const scenario = await scenarioFrom(file, io, resolveOverrides(options.resolve));
    refuseWhatWorkersCannot(scenario, options, io);
    const { dir, end } = await fireSegment(scenario, file, options, io);
    io.stdout.write(`${plainLine(dir, 4000)}\n`);
    if (end.error !== null) io.stderr.write(`the segment is not whole: ${plainLine(end.error, 1000)}\n`);
    finish(end.error === null ? EXIT.pass : EXIT.inconclusive);
  });
}

function segment(text: string): Segment {
  const read = parseSegment(text);
  if (read !== null) return read;
  throw new RollproofError('ARGUMENT_INVALID', `'${text}' is no segment`, {
    hint: `write 1/3; ${MAX_SEGMENTS} at most`,
  });
}

function startTime(text: string): number {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw new RollproofError('ARGUMENT_INVALID', `'${text}' is no moment in UTC`, { hint: 'write 2026-11-22T08:15:00Z' });
}

function refuseWhatWorkersCannot({ traffic, balancer }: Scenario, { start }: WorkerOptions, io: Io): void {
  const refuse = (message: string, hint: string): never => {
    throw new RollproofError('SCENARIO_INVALID', `traffic worker: ${message}`, { hint });
  };
  if (traffic.engine !== 'embedded')
    refuse(`fires with the embedded engine, not ${traffic.engine}`, 'see docs/kubernetes.md for k6');
  if ((traffic.segments ?? 1) > 1)
    refuse('traffic.segments splits the plan already', 'take it out: the workers are the segments');
  if (balancer.kind === 'lab') refuse('the lab is on one machine only', 'give the scenario of a real load balancer');
  if (start <= io.wallTime().getTime())
    throw new RollproofError('ARGUMENT_INVALID', '--start is over: all segments must begin together', {
      hint: 'give a moment that all machines can still make',
    });
}

/** Fires and writes facts: a run directory without a deploy. A signal ends it early, which the journal says. */
async function fireSegment(
  scenario: Scenario,
  file: string,
  { segment: part, start, duration, out }: WorkerOptions,
  io: Io,
): Promise<{ readonly dir: string; readonly end: EngineEnd }> {
  const source = segmentSource('embedded', part);
  const startedAt = io.wallTime();
  const originNs = io.monotonicNs();
  const clock = realClock(originNs);
  const dir = createRunDirectory(resolve(io.cwd, out), `${scenario.name}-${source}`, startedAt);
  const engine = embeddedEngine();
  const header: RunHeader = {
    kind: 'header',
    schemaVersion: EVENT_SCHEMA_VERSION,
    toolVersion: toolVersion(),
    runId: `${scenario.name}-${source}`,
    startedAtWall: startedAt.toISOString(),
    monotonicOriginNs: originNs.toString(),
    scenario: redactScenario(scenario),
    scenarioFile: file,
    command: ['rollproof', 'traffic', 'worker', file],
    gitRevision: null,
    tools: io.tools,
  };
  const startAt = start - startedAt.getTime();
  const writer = openEventWriter(runPaths(dir).events);
  const samples = openSampleWriter(sampleFile(dir, source), source);
  const stop = new AbortController();
  const offSignal = io.onSignal((signal) => stop.abort(signal));
  try {
    writer.append(header);
    const { healthEveryMs, hasControl } = engine.capabilities;
    const warmUpEndsAt = startAt + scenario.traffic.warmUpMs;
    writer.append({
      kind: 'traffic-started',
      at: startAt,
      source,
      warmUpEndsAt,
      healthEveryMs,
      hasControl,
      segment: part,
    });
    await clock.sleep(startAt - clock.now(), stop.signal);
    const workload = {
      source,
      runId: scenario.name,
      service: scenario.service,
      traffic: scenario.traffic,
      monotonicOriginNs: originNs.toString(),
      startAt,
      maxDurationMs: duration,
      segment: part,
    };
    const events = { append: (event: RunEvent) => writer.append(event) };
    const fired = await engine.run(workload, { samples, events, progress: () => undefined }, stop.signal);
    samples.close();
    const cut = stop.signal.aborted ? `stopped by ${String(stop.signal.reason)} before its time` : null;
    const error = fired.error ?? samples.failed?.message ?? cut;
    writer.append({ kind: 'traffic-stopped', at: clock.now(), source, scheduled: fired.scheduled, error });
    return { dir, end: { scheduled: fired.scheduled, error } };
  } finally {
    offSignal();
    samples.close();
    writer.close();
  }
}
