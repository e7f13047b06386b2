/**
 * Entry file of the ticker's thread (precise mode): sleeps in `Atomics.wait`, which is exact to a tenth of a ms where
 * a timer counts whole ones, and wakes the generator's thread with a message. Started by `threadTicker`, never imported.
 */
import { workerData } from 'node:worker_threads';
import { arrivalPlan } from '../arrivals.js';
import { WHOLE } from '../segments.js';
import type { TickerOrders } from './messages.js';
import { Schedule } from './schedule.js';
import { monotonicClock } from './thread-host.js';
import { Ticks } from './ticks.js';

/** Clocks of two threads are calibrated apart: an arrival at the very edge gets a tick of its own rather than none. */
const CLOCK_ERROR_MS = 0.005;

const { workload, start, wake, ended } = workerData as TickerOrders;
const end = new Int32Array(ended);
const now = monotonicClock(workload.monotonicOriginNs);
const ticks = new Ticks(new Schedule(arrivalPlan(workload.traffic), workload.segment ?? WHOLE, start));

for (let woken = now(); Atomics.load(end, 0) === 0; ) {
  const next = ticks.after(woken - CLOCK_ERROR_MS);
  const ms = next - now();
  if (ms > 0 && Atomics.wait(end, 0, 0, ms) !== 'timed-out') break;
  woken = now();
  wake.postMessage(0);
}
wake.close();
