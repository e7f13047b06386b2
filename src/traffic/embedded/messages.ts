import type { MessagePort } from 'node:worker_threads';
import type { GeneratorLimits } from '../../domain/event.js';
import type { Workload } from '../../domain/ports.js';
import type { Instant, Span } from '../../domain/time.js';
import type { PackedBatch } from './columns.js';
import type { ControlFigures } from './control-probe.js';
import type { ReProbeFigures } from './re-probe.js';
import type { ProgressFigures } from './tally.js';
import type { TlsMaterial } from './tls-material.js';

/** What the main thread gives the generator's thread at its birth. */
export interface GeneratorOrders {
  readonly workload: Workload;
  readonly tls: TlsMaterial;
  /** One Uint32: arrivals that came due so far, readable by the main thread even after the worker died. */
  readonly scheduled: SharedArrayBuffer;
}

/** What the generator's thread gives its ticker's. */
export interface TickerOrders {
  readonly workload: Workload;
  /** First possible arrival. */
  readonly start: Instant;
  /** A message here wakes the generator. */
  readonly wake: MessagePort;
  /** One Int32: not 0 when it is over. */
  readonly ended: SharedArrayBuffer;
}

/** Once-a-second figures, counters since the start. */
export interface HealthFigures {
  readonly at: Instant;
  readonly eventLoopDelayMaxMs: number;
  readonly sent: number;
  readonly ended: number;
  readonly dropped: number;
  readonly inFlight: number;
  readonly cpuMs: number;
  readonly limits: GeneratorLimits;
}

/** Generator's thread → main thread. */
export type FromGenerator =
  | { readonly kind: 'batch'; readonly batch: PackedBatch }
  | { readonly kind: 'progress'; readonly figures: ProgressFigures }
  | { readonly kind: 'health'; readonly figures: HealthFigures }
  | { readonly kind: 'stall'; readonly at: Instant; readonly span: Span }
  | { readonly kind: 'control'; readonly figures: ControlFigures }
  | { readonly kind: 're-probe'; readonly figures: ReProbeFigures }
  | { readonly kind: 'warning'; readonly at: Instant; readonly message: string }
  | { readonly kind: 'end'; readonly scheduled: number }
  /** The thread is about to die of an error of its own; what it had recorded was sent before. */
  | { readonly kind: 'broken'; readonly message: string };

/** Main thread → generator's thread: schedule nothing that is due at `at` or later (null: from now on), wait for what is in flight, end. */
export interface ToGenerator {
  readonly kind: 'stop';
  readonly at: Instant | null;
}
