import type { TrafficEngine, Workload } from '../domain/ports.js';
import type { SampleBatch } from '../domain/sample.js';
import type { Service, Traffic } from '../domain/scenario.js';
import type { SelfTestCase, SelfTestFault } from '../domain/self-test.js';
import type { Clock, Span } from '../domain/time.js';
import { type FaultyPeer, faultyPeer } from './faulty-peer.js';
import { faultSpans, sightings } from './sightings.js';

/** How fast the test goes; times in ms. */
export interface SelfTestPace {
  readonly ratePerSecond: number;
  /** How long each fault lasts, and the good stretch after it. */
  readonly faultMs: number;
  readonly gapMs: number;
  readonly timeoutMs: number;
  readonly slowMs: number;
  readonly maxInFlight: number | null;
}

/** The embedded engine needs no time to get going and uses the newest idle connection first. */
export const QUICK_PACE: SelfTestPace = {
  ratePerSecond: 300,
  faultMs: 150,
  gapMs: 120,
  timeoutMs: 300,
  slowMs: 60,
  maxInFlight: null,
};

/** k6 and JMeter go round their connections in turn: few of them, or none would be used twice while a fault lasts. */
export const FOREIGN_PACE: SelfTestPace = {
  ratePerSecond: 60,
  faultMs: 700,
  gapMs: 250,
  timeoutMs: 500,
  slowMs: 150,
  maxInFlight: 24,
};

export interface SelfTestRequest {
  readonly engine: TrafficEngine;
  readonly workload: Workload;
  readonly pace: SelfTestPace;
  readonly faults: readonly SelfTestFault[];
  /** Faults the engine vouches for. */
  readonly promised: (fault: SelfTestFault) => boolean;
}

export interface SelfTestOutcome {
  readonly cases: readonly SelfTestCase[];
  readonly resent: number;
  readonly error: string | null;
}

/** Each further try takes its time: what a busy machine spoiled once it spoils less easily then. */
const SLOWER = [1, 2, 4];

/**
 * Tests until an outcome is not to be tried again, at most `tries` times. On a machine so busy that the peer itself stood
 * still the figures mean nothing: that is tried again in any case, and an error in the end.
 */
export async function patientSelfTest(
  request: (port: number, pace: SelfTestPace) => Promise<SelfTestRequest>,
  pace: SelfTestPace,
  clock: Clock,
  again: (outcome: SelfTestOutcome) => boolean,
  tries = SLOWER.length,
): Promise<SelfTestOutcome> {
  let last: SelfTestOutcome = { cases: [], resent: 0, error: 'it was not tried' };
  for (const factor of SLOWER.slice(0, tries)) {
    const slower = { ...pace, faultMs: pace.faultMs * factor, gapMs: pace.gapMs * factor };
    const { lagMs, ...outcome } = await selfTest((port) => request(port, slower), slower, clock);
    const isBusy = outcome.error === null && lagMs > slower.gapMs / 3;
    last = isBusy
      ? { cases: [], resent: 0, error: `this machine is too busy: the peer stood still for ${Math.round(lagMs)} ms` }
      : outcome;
    if (!isBusy && !again(outcome)) break;
  }
  return last;
}

/** An engine that fires nothing within this is given up; JMeter on a busy machine needs most of a minute. */
const PATIENCE_MS = 90_000;

/**
 * Fires a known traffic through an engine at a peer that breaks it in known ways, one after the other, and compares what
 * the peer did with what the engine wrote down:
 *
 *     peer    | good | drops | good | cuts | good | slow | good | hangs | good | port closed |
 *     rows      ok     reset   ok     truncated …                               refused
 *
 * Never rejects for what the engine does; `error` says why there are no figures. `lagMs` is how long the peer stood still
 * at worst: beyond the good stretches, what it did and when requests were sent no longer belong together.
 */
export async function selfTest(
  request: (port: number) => Promise<SelfTestRequest>,
  pace: SelfTestPace,
  clock: Clock,
): Promise<SelfTestOutcome & { readonly lagMs: number }> {
  const peer = await faultyPeer(pace.slowMs);
  const lag = lagOf(clock);
  try {
    const outcome = await tested(peer, await request(peer.port), clock, lag.reset);
    return { ...outcome, lagMs: lag.stop() };
  } catch (cause) {
    return { cases: [], resent: 0, error: cause instanceof Error ? cause.message : String(cause), lagMs: lag.stop() };
  } finally {
    await peer.close();
  }
}

const BEAT_MS = 10;

/** How much longer than asked for this thread slept at worst: the peer lives in it. */
function lagOf(clock: Clock): { readonly reset: () => void; readonly stop: () => number } {
  let max = 0;
  let before = clock.now();
  const timer = setInterval(() => {
    const now = clock.now();
    max = Math.max(max, now - before - BEAT_MS);
    before = now;
  }, BEAT_MS);
  return {
    reset() {
      max = 0;
    },
    stop() {
      clearInterval(timer);
      return max;
    },
  };
}

async function tested(
  peer: FaultyPeer,
  request: SelfTestRequest,
  clock: Clock,
  begins: () => void,
): Promise<SelfTestOutcome> {
  const { engine, workload, pace, faults } = request;
  const batches: SampleBatch[] = [];
  const stop = new AbortController();
  await engine.prepare?.(workload);
  const ending = engine.run(
    { ...workload, startAt: clock.now() },
    {
      samples: { append: (batch) => batches.push(batch) > 0 },
      events: { append: () => undefined },
      progress: () => undefined,
    },
    stop.signal,
  );
  let steps: readonly { readonly fault: SelfTestFault; readonly actual: Span }[] = [];
  const conducted = (async () => {
    try {
      await Promise.race([peer.firstRequest, clock.sleep(PATIENCE_MS, stop.signal)]);
      begins();
      steps = await conduct(peer, faults, pace, clock, stop.signal);
    } finally {
      stop.abort();
    }
  })();
  const end = await ending.finally(() => stop.abort());
  await conducted;
  if (end.error !== null) return { cases: [], resent: 0, error: end.error };
  const rows = batches.reduce((sum, batch) => sum + batch.length, 0);
  if (end.scheduled !== rows)
    return { cases: [], resent: 0, error: `${end.scheduled} arrivals were due and ${rows} are on record` };
  const found = sightings(batches, faultSpans(steps, pace.gapMs), pace.slowMs);
  const cases = faults.map((fault): SelfTestCase => {
    const { seen = 0, otherwise = 0, sent = 0 } = found.get(fault) ?? {};
    const injected = fault === 'refused' ? sent : peer.injected[fault];
    return { fault, promised: request.promised(fault), injected, seen, otherwise };
  });
  return { cases, resent: peer.resent, error: null };
}

/** Lets the peer do each fault in turn; what it did when. Ends early when the engine does. */
async function conduct(
  peer: FaultyPeer,
  faults: readonly SelfTestFault[],
  pace: SelfTestPace,
  clock: Clock,
  signal: AbortSignal,
) {
  const steps: { fault: SelfTestFault; actual: Span }[] = [];
  await clock.sleep(pace.gapMs, signal);
  for (const fault of faults) {
    if (signal.aborted) break;
    // Requests that hang are still in flight: none may meet the closed port.
    if (fault === 'refused') await clock.sleep(pace.timeoutMs, signal);
    const before = clock.now();
    await peer.become(fault);
    const from = fault === 'refused' ? clock.now() : before;
    await clock.sleep(pace.faultMs, signal);
    if (fault !== 'refused') await peer.become(null);
    steps.push({ fault, actual: { from, to: clock.now() } });
    await clock.sleep(fault === 'refused' ? 0 : pace.gapMs, signal);
  }
  return steps;
}

/** The traffic of a self-test: both lanes to one address, nothing else. */
export function selfTestTraffic(
  port: number,
  method: string,
  pace: SelfTestPace,
  engine: Traffic['engine'],
): { readonly service: Service; readonly traffic: Traffic } {
  return {
    service: {
      url: `http://127.0.0.1:${port}/`,
      method,
      headers: {},
      body: null,
      ok: { status: [[200, 200]], bodyContains: null },
      identity: { target: 'x-target', version: 'x-version', bootId: null },
    },
    traffic: {
      engine,
      ratePerSecond: pace.ratePerSecond,
      lanes: { newWeight: 1, reuseWeight: 2, long: null },
      timeoutMs: pace.timeoutMs,
      warmUpMs: 0,
      baselineMs: 0,
      settleMs: 0,
      maxInFlight: pace.maxInFlight,
      seed: 1,
      tls: { caFile: null, serverName: null, insecure: false },
      resolve: {},
      injectStall: null,
    },
  };
}
