import type { SampleClass } from '../domain/outage.js';
import type { Instant, Span } from '../domain/time.js';

/** Classes whose fault ends the request: it can only have happened shortly before the end. */
export function endsRequest(cls: SampleClass): boolean {
  return cls.startsWith('http_') || cls === 'reset' || cls === 'truncated' || cls === 'assertion';
}

/**
 * When the fault behind a failed request can have happened (verdict.md §1): the last `deltaMs` of the request for
 * faults that end it, else all of the time it was in flight.
 */
export function witnessInterval(cls: SampleClass, sentAt: Instant, endedAt: Instant, deltaMs: number): Span {
  const to = Number.isNaN(endedAt) ? sentAt : Math.max(sentAt, endedAt);
  return { from: endsRequest(cls) ? Math.max(sentAt, to - deltaMs) : sentAt, to };
}

/**
 * The one instant a failure is drawn at: its end, when it was known. A timeout is drawn when it was due instead: whatever
 * held it up did so all along, and its end says only how long the client was willing to wait.
 */
export function failedInstant(cls: SampleClass, scheduledAt: Instant, endedAt: Instant): Instant {
  return cls === 'timeout' || Number.isNaN(endedAt) ? scheduledAt : Math.max(scheduledAt, endedAt);
}
