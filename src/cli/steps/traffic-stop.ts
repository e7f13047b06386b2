import { hostname } from 'node:os';
import { formatDuration } from '../../domain/time.js';
import { isAlive, signalProcess } from '../../pipeline/deployers/process-group.js';
import { realClock } from '../../run/clock.js';
import { type TrafficPid, trafficPid } from '../../run/traffic-process.js';
import type { Io } from '../io.js';

/** On top of the longest request: closing the streams, a slow disk. */
const MARGIN_MS = 30_000;
const POLL_MS = 50;
const BEAT_MS = 20_000;

/**
 * Ends the run's traffic process in order: nothing more is sent, what is in flight gets its answer. One that does not end is
 * killed, and its records end early. False when there was none to stop.
 * @param requestMs the longest a request may take.
 */
export async function stopTraffic(dir: string, requestMs: number, io: Io): Promise<boolean> {
  const known = trafficPid(dir);
  if (known === null || known.host !== hostname()) return false;
  if (!signalProcess(known.pid, known.born, 'SIGTERM')) return false;
  if (await endedWithin(known, requestMs + MARGIN_MS, 'the traffic', io)) return true;
  io.stderr.write(`the traffic process (pid ${known.pid}) does not end: killing it\n`);
  signalProcess(known.pid, known.born, 'SIGKILL');
  await endedWithin(known, MARGIN_MS, 'the traffic', io);
  return true;
}

/** Whether that process ended in time; says every 20 s that it is still waited for. */
export async function endedWithin(
  { pid, born }: Pick<TrafficPid, 'pid' | 'born'>,
  ms: number,
  what: string,
  io: Pick<Io, 'stderr' | 'monotonicNs'>,
): Promise<boolean> {
  const clock = realClock(io.monotonicNs());
  const beat = setInterval(() => io.stderr.write(`waiting for ${what} to end, up to ${formatDuration(ms)}\n`), BEAT_MS);
  try {
    while (isAlive(pid, born)) {
      if (clock.now() >= ms) return false;
      await clock.sleep(POLL_MS);
    }
    return true;
  } finally {
    clearInterval(beat);
  }
}
