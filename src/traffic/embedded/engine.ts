import { Worker } from 'node:worker_threads';
import { RollproofError } from '../../domain/errors.js';
import type { Segment } from '../../domain/event.js';
import type { EngineEnd, TrafficEngine, Workload } from '../../domain/ports.js';
import type { Instant } from '../../domain/time.js';
import { arrivalPlan } from '../arrivals.js';
import { runSegments } from '../segment-run.js';
import { ownNumber, segmentsOf, WHOLE } from '../segments.js';
import { givenAddresses } from './address-book.js';
import { BatchUnpacker } from './columns.js';
import type { FromGenerator, GeneratorOrders, ToGenerator } from './messages.js';
import { requestTemplate, serviceUrl } from './request.js';
import { monotonicClock } from './thread-host.js';
import { type TlsMaterial, tlsMaterial } from './tls-material.js';

type Sinks = Parameters<TrafficEngine['run']>[1];

/** A generator that says nothing for this long is given up; it speaks four times a second. */
const SILENCE_MS = 15_000;
const WATCH_MS = 1000;
/** Threads begin together: so long until the first arrival, for all of them to be there. */
const SEGMENTS_READY_MS = 500;
/** And end together: longer than a message takes, so that all stop at the same number of the plan. */
const SEGMENTS_STOP_MS = 25;

const H2_LIMITS = [
  'lane h2 cannot see when a frame was written, how long flow control held a request back, or which side reset a stream',
];

/**
 * The built-in traffic engine: open model, own HTTP/1.1 client (lane h2: node:http2), in a thread of its own so that nothing the main thread
 * does can delay an arrival. Emits `generator-health` and `control-probe` once a second, `stall` events and warnings, beside
 * the samples.
 * Rejects only when the workload cannot be run at all; whatever breaks later is in `EngineEnd.error`.
 * @param h2 whether lane h2 is run: then its limits are said.
 */
export function embeddedEngine(segments = 1, h2 = false): TrafficEngine {
  return {
    capabilities: {
      name: 'embedded',
      seesResetsOnReuse: true,
      knowsScheduledTime: true,
      healthEveryMs: 1000,
      hasControl: true,
      segments,
      ...(h2 ? { limits: H2_LIMITS } : {}),
    },
    async run(workload, sinks, signal) {
      check(workload);
      const tls = await tlsMaterial(workload.traffic.tls);
      if (signal.aborted) return { scheduled: 0, error: null };
      return inSegments(segments, workload, tls, sinks, signal);
    },
  };
}

/** Refuses up front what the thread would die of. */
function check(workload: Workload): void {
  const { timeoutMs, lanes } = workload.traffic;
  requestTemplate(workload);
  const url = serviceUrl(workload.service.url);
  givenAddresses(url, workload.traffic.resolve);
  if ((lanes.h2Weight ?? 0) > 0 && url.protocol !== 'https:')
    throw new RollproofError('SCENARIO_INVALID', 'traffic: lane h2 needs an https service', {
      hint: 'HTTP/2 is spoken over TLS only: write https:// in service.url, or set traffic.lanes.h2: 0.',
    });
  try {
    arrivalPlan(workload.traffic);
  } catch (cause) {
    throw new RollproofError('SCENARIO_INVALID', `traffic: ${(cause as Error).message}`, { cause });
  }
  if (lanes.long !== null && lanes.long.maxHoldMs >= timeoutMs) {
    throw new RollproofError(
      'SCENARIO_INVALID',
      `traffic: the long lane holds requests up to ${lanes.long.maxHoldMs} ms`,
      {
        hint: `Every request times out after ${timeoutMs} ms: hold shorter or raise traffic.timeout.`,
      },
    );
  }
}

/** A thread for each segment of the plan, one start and one end for all. */
function inSegments(
  count: number,
  workload: Workload,
  tls: TlsMaterial,
  sinks: Sinks,
  signal: AbortSignal,
): Promise<EngineEnd> {
  if (count === 1) return supervise(workload, tls, sinks, signal);
  const now = monotonicClock(workload.monotonicOriginNs);
  const together = { ...workload, startAt: Math.max(workload.startAt, now() + SEGMENTS_READY_MS) };
  let stopAt: Instant | null = null;
  const stopTogether = () => {
    stopAt ??= now() + SEGMENTS_STOP_MS;
    return stopAt;
  };
  return runSegments(segmentsOf(count), together, sinks, signal, (part, partSinks, stop) =>
    supervise(part, tls, partSinks, stop, stopTogether),
  );
}

/** Starts the thread and stays until it is gone: by its own end, its death, or its silence. */
function supervise(
  workload: Workload,
  tls: TlsMaterial,
  sinks: Sinks,
  signal: AbortSignal,
  stopAt: () => Instant | null = () => null,
): Promise<EngineEnd> {
  const scheduled = new SharedArrayBuffer(4);
  const orders: GeneratorOrders = { workload, tls, scheduled };
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: orders, name: 'rollproof-traffic' });
  const stop = () => worker.postMessage({ kind: 'stop', at: stopAt() } satisfies ToGenerator);
  const inbox = new Inbox(workload, sinks, stop);
  return new Promise((resolve) => {
    let silentMs = 0;
    // Counts its own calls, not the clock: a blocked main thread must not take the worker for dead.
    const watch = setInterval(() => {
      silentMs += WATCH_MS;
      if (silentMs >= SILENCE_MS + (workload.traffic.injectStall?.durationMs ?? 0))
        finish('the traffic thread stopped answering');
    }, WATCH_MS);
    const finish = (error: string | null) => {
      clearInterval(watch);
      signal.removeEventListener('abort', stop);
      // A look-up that hangs would keep the thread alive; nothing it could still say counts.
      void worker.terminate();
      // What came due is known even of a dead thread, so that rows it took along show as lost.
      const known = Math.max(Atomics.load(new Uint32Array(scheduled), 0), inbox.seen);
      resolve({ scheduled: inbox.end ?? known, error: inbox.error ?? error });
    };
    signal.addEventListener('abort', stop);
    worker.on('message', (message: FromGenerator) => {
      silentMs = 0;
      inbox.take(message);
      if (inbox.end !== null) finish(null);
    });
    worker.on('messageerror', (cause) =>
      inbox.refuse(`a message of the traffic thread was unreadable: ${cause.message}`),
    );
    worker.on('error', (cause) => finish(`the traffic thread died: ${cause.message}`));
    worker.on('exit', (code) => finish(`the traffic thread exited early (code ${code})`));
  });
}

/** Turns the thread's messages into domain facts. A sink that fails stops the traffic; rows are offered on all the same. */
class Inbox {
  /** Rows promised by the thread's own end, or null while it has not ended. */
  end: number | null = null;
  error: string | null = null;
  /** One more than the largest of its own numbers received. */
  seen = 0;
  readonly #source: string;
  readonly #segment: Segment;
  readonly #sinks: Sinks;
  readonly #stop: () => void;
  readonly #unpacker = new BatchUnpacker();

  constructor({ source, segment }: Workload, sinks: Sinks, stop: () => void) {
    this.#source = source;
    this.#segment = segment ?? WHOLE;
    this.#sinks = sinks;
    this.#stop = stop;
  }

  take(message: FromGenerator): void {
    try {
      this.#deliver(message);
    } catch (cause) {
      this.refuse(`a sink of the traffic engine failed: ${(cause as Error).message}`);
    }
  }

  /** Notes the first error and stops the traffic: evidence is being lost. */
  refuse(error: string): void {
    this.error ??= error;
    this.#stop();
  }

  #deliver(message: FromGenerator): void {
    const source = this.#source;
    if (message.kind === 'batch') {
      const batch = this.#unpacker.unpack(message.batch);
      for (const seq of batch.seq) this.seen = Math.max(this.seen, (ownNumber(this.#segment, seq) ?? 0) + 1);
      if (!this.#sinks.samples.append(batch)) this.refuse('samples could not be written');
    } else if (message.kind === 'progress') {
      const { answeredBy, ...figures } = message.figures;
      this.#sinks.progress({ ...figures, answeredBy: Object.fromEntries(answeredBy) });
    } else if (message.kind === 'health') {
      this.#sinks.events.append({ kind: 'generator-health', source, ...message.figures });
    } else if (message.kind === 'stall') {
      this.#sinks.events.append({ kind: 'stall', at: message.at, source, ...message.span });
    } else if (message.kind === 'control') {
      this.#sinks.events.append({ kind: 'control-probe', source, ...message.figures });
    } else if (message.kind === 're-probe') {
      this.#sinks.events.append({ kind: 're-probe', source, ...message.figures });
    } else if (message.kind === 'warning') {
      this.#sinks.events.append({ kind: 'warning', at: message.at, message: `${source}: ${message.message}` });
    } else if (message.kind === 'end') this.end = message.scheduled;
    else this.error ??= `the traffic thread broke: ${message.message}`;
  }
}
