import type { EventSink } from '../../domain/ports.js';
import type { Instant, Span } from '../../domain/time.js';

/** A process that oversleeps by more did not run: the same limit as the embedded engine's. */
const STALL_MS = 50;

/**
 * What a foreign process shows of its own health: how much later than due it sent. Becomes one `generator-health` event
 * a second, and a `stall` for each stretch in which it did not run.
 */
export class EnginePulse {
  readonly #events: EventSink;
  readonly #source: string;
  #lateMaxMs = 0;
  #stalls: Span[] = [];

  constructor(events: EventSink, source: string) {
    this.#events = events;
    this.#source = source;
  }

  /** A request due at `due` was sent at `sent`. */
  sent(due: Instant, sent: Instant): void {
    const late = sent - due;
    if (late > this.#lateMaxMs) this.#lateMaxMs = late;
    if (late <= STALL_MS) return;
    this.#stalls.push({ from: due, to: sent });
  }

  report(
    at: Instant,
    figures: { readonly sent: number; readonly ended: number; readonly dropped: number; readonly cpuMs: number },
  ): void {
    for (const span of merged(this.#stalls)) this.#events.append({ kind: 'stall', at, source: this.#source, ...span });
    this.#events.append({
      kind: 'generator-health',
      at,
      source: this.#source,
      eventLoopDelayMaxMs: this.#lateMaxMs,
      inFlight: 0,
      ...figures,
    });
    this.#lateMaxMs = 0;
    this.#stalls = [];
  }
}

function merged(spans: readonly Span[]): readonly Span[] {
  const out: { from: Instant; to: Instant }[] = [];
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else out.push({ from, to });
  }
  return out;
}
