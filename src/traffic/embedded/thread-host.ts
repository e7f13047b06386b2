import { lookup } from 'node:dns';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { Workload } from '../../domain/ports.js';
import type { Instant } from '../../domain/time.js';
import type { Lookup } from './address-book.js';
import { loopbackTarget } from './control-target.js';
import type { GeneratorHost } from './generator.js';
import type { TickerOrders } from './messages.js';
import { limitsReader, linuxFiles } from './system-limits.js';

/**
 * CLOCK_MONOTONIC in ms since `originNs` (CLOCK_MONOTONIC ns, decimal). `performance.now` reads the same clock from
 * another zero, so one calibration is enough for ever: of some pairs of readings the closest one counts (error < 1 µs),
 * and no bigint is made afterwards.
 */
export function monotonicClock(originNs: string): () => Instant {
  const origin = BigInt(originNs);
  let offset = 0;
  let closest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 64; i++) {
    const before = performance.now();
    const ns = process.hrtime.bigint();
    const after = performance.now();
    if (after - before >= closest) continue;
    closest = after - before;
    offset = Number(ns - origin) / 1e6 - (before + after) / 2;
  }
  return () => performance.now() + offset;
}

/** CPU time of the calling thread, ms; where the system does not tell (not Linux), that of the process. */
export function threadCpuMs(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]) / 1e6;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }
}

/** Every address the system's resolver knows, in its order. */
export const systemLookup: Lookup = (host, done) => {
  lookup(host, { all: true, verbatim: true }, (error, addresses) => {
    if (error !== null) done(error.code ?? error.name, null);
    else
      done(
        null,
        addresses.map((entry) => entry.address),
      );
  });
};

/** Wakes the calling thread from one that does nothing else; see ticker-worker. The returned function ends it. */
export function threadTicker(workload: Workload, start: Instant, tick: () => void): () => void {
  const { port1: woken, port2: wake } = new MessageChannel();
  const ended = new SharedArrayBuffer(4);
  const orders: TickerOrders = { workload, start, wake, ended };
  const ticker = new Worker(new URL('./ticker-worker.js', import.meta.url), {
    workerData: orders,
    transferList: [wake],
    name: 'rollproof-ticker',
  });
  woken.on('message', tick);
  // A ticker that dies costs precision, which the lateness of every row shows: the timer below it goes on.
  ticker.on('error', () => woken.close());
  return () => {
    const end = new Int32Array(ended);
    Atomics.store(end, 0, 1);
    Atomics.notify(end, 0);
    woken.close();
  };
}

/** The calling thread as a generator's host, control target included; the service's sockets are given apart. */
export function threadHost(
  originNs: string,
  { opener, openH2 }: Pick<GeneratorHost, 'opener' | 'openH2'>,
  scheduled: GeneratorHost['scheduled'],
): GeneratorHost {
  const now = monotonicClock(originNs);
  return {
    now,
    after: (ms, call) => {
      setTimeout(call, ms);
    },
    afterInput: (call) => {
      setImmediate(call);
    },
    lookup: systemLookup,
    cpuMs: threadCpuMs,
    limits: limitsReader(linuxFiles),
    block: (ms) => {
      const until = now() + ms;
      while (now() < until);
    },
    opener,
    openH2,
    ticker: threadTicker,
    control: loopbackTarget(),
    scheduled,
  };
}
