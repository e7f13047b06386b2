import type { DeployEnd, RunEvent, RunEventOf } from '../../domain/event.js';
import type { Balancer } from '../../domain/ports.js';
import { readJournal } from '../../journal/journal-reader.js';
import { detachedAfter } from '../../pipeline/safety/detached.js';
import { greenLeftIn } from '../../pipeline/safety/green-out.js';
import { clockProblem } from '../../run/clock-origin.js';
import type { Io } from '../io.js';
import type { StepRun } from './run-name.js';
import { beginPart, endRunLock, oneStepAtATime } from './step.js';
import { stopTraffic } from './traffic-stop.js';

/**
 * Ends a run of several processes, once: stops its traffic, writes down how the deploy came out with the list of all parts
 * of the journal, and gives the lock back.
 * @param why what cut it short; null = it came to its end. What is missing all the same is found here.
 */
export async function closeRun(run: StepRun, why: string | null, balancer: Balancer, io: Io): Promise<void> {
  const { dir } = run;
  const { scenario, runId } = run.journal.header;
  const release = oneStepAtATime(dir, 'verify', io);
  try {
    await stopTraffic(dir, scenario.traffic.timeoutMs, io);
    const { events: facts, parts, header } = readJournal(dir);
    if (facts.some((e) => e.kind === 'run-ended')) return;
    const { writer, clock } = beginPart({ dir, journal: { ...run.journal, events: facts } }, 'verify', io);
    try {
      const at = clock.now();
      const error = why ?? clockProblem(header) ?? undoneIn(facts, header.steps?.stages ?? []);
      writer.append({ kind: 'run-ended', at, ...endOf(facts, error), parts });
    } finally {
      writer.close();
    }
  } finally {
    release();
  }
  tellWhatIsLeft(run, balancer, io);
  await endRunLock(scenario, runId, balancer, io);
}

/** Why the deploy is not complete by its journal, or null. A recovery in the middle means that it was cut once. */
function undoneIn(events: readonly RunEvent[], stages: readonly string[]): string | null {
  const failed = events.find((e): e is RunEventOf<'step-failed'> => e.kind === 'step-failed');
  if (failed !== undefined) return `a step of stage ${failed.stage} failed: ${failed.error}`;
  const ended = new Map(events.flatMap((e) => (e.kind === 'stage-ended' ? [[e.stage, e.ok] as const] : [])));
  const undone = stages.find((stage) => ended.get(stage) !== true);
  if (undone !== undefined) return `stage ${undone} ${ended.has(undone) ? 'did not succeed' : 'has not run'}`;
  const recovered = events.find((e): e is RunEventOf<'recovery'> => e.kind === 'recovery');
  return recovered === undefined ? null : `${recovered.target} was recovered in the middle of the run`;
}

/** How the deploy of a run in several processes came out, by its journal and what speaks against it. */
export function endOf(
  events: readonly RunEvent[],
  error: string | null,
): Pick<RunEventOf<'run-ended'>, 'deploy' | 'stillDetached' | 'error'> {
  const stillDetached = detachedAfter(events).map((d) => d.target);
  // As `run` counts it: begun is begun, also where the first step is no detach (blue-green) or was refused.
  const begun = events.some((e) => e.kind === 'stage-started');
  const failed = events.some((e) => e.kind === 'step-failed');
  const interrupted = events.some((e) => e.kind === 'interrupted');
  const deploy: DeployEnd = !begun
    ? 'not-started'
    : error === null && stillDetached.length === 0
      ? 'complete'
      : failed && !interrupted
        ? 'failed'
        : 'interrupted';
  return { deploy, stillDetached, error };
}

/** Every target that is out, with the command that attaches it; and green that is in while blue is too. */
export function tellWhatIsLeft(
  { dir }: Pick<StepRun, 'dir'>,
  balancer: Balancer,
  io: Pick<Io, 'stderr'>,
): readonly string[] {
  const { header, events } = readJournal(dir);
  const left = detachedAfter(events).map((d) => d.target);
  for (const id of left) {
    const target = header.scenario.targets.find((t) => t.id === id);
    const command = target === undefined ? '' : `\n  attach it again with: ${balancer.attachCommand(target)}`;
    io.stderr.write(`STILL DETACHED: ${id}${command}\n`);
  }
  const green = greenLeftIn(events, header.scenario.rollout);
  if (green.length > 0)
    io.stderr.write(`STILL ATTACHED beside blue: ${green.join(', ')}\n  take it out again with: rollproof recover\n`);
  return left;
}
