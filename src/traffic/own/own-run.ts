import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { EngineEnd, TrafficEngine, Workload } from '../../domain/ports.js';
import type { ProcessHost } from '../foreign/process-host.js';
import { WallClock } from '../foreign/wall-clock.js';
import { type ImportedTraffic, readTraffic } from '../import/read-traffic.js';

type Sinks = Parameters<TrafficEngine['run']>[1];

const POLL_MS = 50;
const REFRESH_MS = 1000;
/** What a tool needs at most to write its last rows. */
const END_MS = 15_000;

/** A started tool that runs a plan of the user's own. */
export interface OwnTool {
  /** As the scenario calls it: `traffic.script`. */
  readonly key: string;
  readonly child: ChildProcess;
  /** Where it writes its rows. */
  readonly results: string;
  /** The signal on which it ends and writes its last rows. */
  readonly endSignal: NodeJS.Signals;
  /** Last lines it printed: why it ended, when it should not have. */
  readonly said: () => string;
}

/**
 * Lets a user's own script or plan fire while the deploy runs and takes its results file in afterwards, as
 * `rollproof import` would: what such rows cannot say becomes the engine's error, so the run is never PASS. Requests sent
 * before the stop have one timeout to end; what was sent later is not part of the run.
 */
export async function runOwn(
  tool: OwnTool,
  workload: Workload,
  sinks: Sinks,
  host: ProcessHost,
  signal: AbortSignal,
): Promise<EngineEnd> {
  const clocks = host.clocks(workload.monotonicOriginNs);
  const clock = new WallClock(clocks);
  const startedAt = clocks.now();
  let ended: string | null = null;
  tool.child.once('error', (error) => {
    ended = error.message;
  });
  tool.child.once('close', (code, by) => {
    ended ??= by === null ? `exit code ${code}` : `signal ${by}`;
  });
  const until = async (isOver: () => boolean) => {
    for (let refreshAt = clocks.now() + REFRESH_MS; !isOver(); ) {
      await host.sleep(POLL_MS);
      if (clocks.now() < refreshAt) continue;
      refreshAt = clocks.now() + REFRESH_MS;
      clock.refresh();
    }
  };
  const hardStopAt = workload.startAt + workload.maxDurationMs;
  await until(() => signal.aborted || ended !== null || clocks.now() >= hardStopAt);
  const cutoff = clocks.now();
  const early =
    ended === null
      ? null
      : `it ended by itself after ${Math.round((cutoff - startedAt) / 1000)} s (${ended}) and must fire for as long as the deploy takes; ${tool.said()}`;
  const graceEndsAt = cutoff + workload.traffic.timeoutMs;
  await until(() => ended !== null || clocks.now() >= graceEndsAt);
  const killed = await endTool(tool, () => ended !== null, host);
  const rows = await takeIn(tool, clock, cutoff, sinks);
  const reasons = [
    early,
    killed ? 'it had to be killed: its last rows are lost' : null,
    ...rows.missing,
    clock.stepMs === 0 ? null : `the wall clock jumped by ${Math.round(clock.stepMs)} ms: its times cannot be placed`,
  ].filter((reason) => reason !== null);
  return {
    scheduled: rows.count,
    error: reasons.length === 0 ? null : `${tool.key} is not whole evidence: ${reasons.join('; ')}`,
  };
}

/** Asks the tool to end; true when it had to be killed. */
async function endTool(tool: OwnTool, hasEnded: () => boolean, host: ProcessHost): Promise<boolean> {
  if (!hasEnded()) tool.child.kill(tool.endSignal);
  for (let waited = 0; waited < END_MS && !hasEnded(); waited += POLL_MS) await host.sleep(POLL_MS);
  if (hasEnded()) return false;
  tool.child.kill('SIGKILL');
  while (!hasEnded()) await host.sleep(POLL_MS);
  return true;
}

async function takeIn(
  tool: OwnTool,
  clock: WallClock,
  cutoff: number,
  sinks: Sinks,
): Promise<{ readonly count: number; readonly missing: readonly string[] }> {
  if (!existsSync(tool.results)) return { count: 0, missing: ['it wrote no results'] };
  let traffic: ImportedTraffic;
  try {
    traffic = await readTraffic(tool.results);
  } catch (cause) {
    return { count: 0, missing: [`its results cannot be read: ${(cause as Error).message}`] };
  }
  const { columns } = traffic;
  const cutoffWall = clock.toWall(cutoff);
  columns.keep((row) => columns.scheduledAt[row]! < cutoffWall);
  const missing = [...traffic.missing];
  if (columns.length === 0) missing.push('it holds no requests of the run');
  for (const batch of columns.batches(clock.toWall(0)))
    if (!sinks.samples.append(batch)) return { count: columns.length, missing: ['samples could not be written'] };
  return { count: columns.length, missing };
}
