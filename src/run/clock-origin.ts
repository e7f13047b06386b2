import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ClockOrigin, RunHeader } from '../domain/event.js';
import type { Clock, Instant } from '../domain/time.js';
import { isSameClock } from '../journal/journal-reader.js';
import { monotonicNs, realClock } from './clock.js';

/** Whose CLOCK_MONOTONIC this process reads: the kernel’s boot_id (random(4)) tells one start of a Linux host from the next. */
export function thisOrigin(): ClockOrigin {
  return { host: hostname(), bootId: bootId() };
}

function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch (untold) {
    void untold;
    return null;
  }
}

/** Why instants of this process do not lie on the run's axis, or null when they do. */
export function clockProblem({ steps, monotonicOriginNs }: RunHeader): string | null {
  const here = thisOrigin();
  if (steps === undefined || isSameClock(steps.origin, here)) {
    return monotonicNs() < BigInt(monotonicOriginNs) ? 'the host was started again since the run began' : null;
  }
  return steps.origin.host === here.host
    ? 'the host was started again since the run began'
    : `the run began on ${steps.origin.host}, this is ${here.host}`;
}

/**
 * The clock of a run that other processes began, for what is written behind their facts: on another axis (a restart, another
 * host) it goes on from the last instant, so that the order at least is right. The readers tell that nothing can be measured then.
 */
export function clockAfter(header: RunHeader, last: Instant): Clock {
  if (clockProblem(header) === null) return realClock(BigInt(header.monotonicOriginNs));
  const here = realClock(monotonicNs());
  return { ...here, now: () => last + here.now() };
}
