import type { EventSink } from '../../domain/ports.js';
import type { Instant, Span } from '../../domain/time.js';

/** Drivers report once a second. */
export const REPORT_EVERY_MS = 1000;
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
  #heard = false;

  constructor(events: EventSink, source: string) {
    this.#events = events;
    this.#source = source;
  }

  /** The process wrote something down: it runs. */
  heard(): void {
    this.#heard = true;
  }

  /** It did not run in between. */
  stoodStill(span: Span): void {
    this.#stalls.push(span);
  }

  /** A request due at `due` was sent at `sent`. */
  sent(due: Instant, sent: Instant): void {
    this.heard();
    const late = sent - due;
    if (late > this.#lateMaxMs) this.#lateMaxMs = late;
    if (late <= STALL_MS) return;
    this.#stalls.push({ from: due, to: sent });
  }

  /** Writes down what was heard since the last report; nothing when there was nothing, for silence is no health. */
  report(
    at: Instant,
    figures: { readonly sent: number; readonly ended: number; readonly dropped: number; readonly cpuMs: number },
  ): void {
    if (!this.#heard && this.#stalls.length === 0) return;
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
    this.#heard = false;
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

/**
 * How often such a process can be heard of at least, ms: rows come when requests end, which in an outage is a timeout
 * after they were sent.
 */
export function heardEveryMs({ ratePerSecond, timeoutMs }: { ratePerSecond: number; timeoutMs: number }): number {
  return Math.ceil(Math.max(REPORT_EVERY_MS, timeoutMs / 2, 1000 / ratePerSecond));
}
