import type { Retry, RetryDeps } from '../balancer/retrying.js';
import type { EventSink } from '../domain/ports.js';
import type { Clock } from '../domain/time.js';
import { plainLine } from '../report/plain-text.js';
import { realClock } from '../run/clock.js';
import { randomFrom } from '../run/compose.js';
import type { Io } from './io.js';

/** The patience of one command with the balancer's API, and who is told of every retry: people first, then a journal. */
export interface Retries extends RetryDeps {
  /** From now on retries go to this journal. */
  journal(events: EventSink, clock: Clock): void;
}

export function retriesOf(io: Pick<Io, 'monotonicNs' | 'stderr'>): Retries {
  const origin = io.monotonicNs();
  let tell = ({ operation, attempt, error }: Retry) => {
    io.stderr.write(`${operation}: attempt ${attempt} failed, trying again: ${plainLine(error)}\n`);
  };
  return {
    clock: realClock(origin),
    random: randomFrom(Number(origin & 0x1f_ffff_ffff_ffffn)),
    onRetry: (retry) => tell(retry),
    journal(events, clock) {
      tell = (retry) => events.append({ kind: 'balancer-retry', at: clock.now(), ...retry });
    },
  };
}
