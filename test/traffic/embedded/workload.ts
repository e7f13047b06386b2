import type { Workload } from '../../../src/domain/ports.js';
import type { Service, Traffic } from '../../../src/domain/scenario.js';

export type WorkloadChanges = Partial<Omit<Workload, 'service' | 'traffic'>> & {
  readonly service?: Partial<Service>;
  readonly traffic?: Partial<Traffic>;
};

/** A small workload for tests; everything can be changed. */
export function workload(changes: WorkloadChanges = {}): Workload {
  return {
    source: 'embedded',
    runId: 'test-run',
    monotonicOriginNs: '0',
    startAt: 0,
    maxDurationMs: 500,
    ...changes,
    service: {
      url: 'http://127.0.0.1:1/',
      method: 'GET',
      headers: {},
      body: null,
      ok: { status: [[200, 399]], bodyContains: null },
      identity: { target: 'x-target', version: 'x-version', bootId: null },
      ...changes.service,
    },
    traffic: {
      engine: 'embedded',
      ratePerSecond: 200,
      lanes: { newWeight: 1, reuseWeight: 1, long: null },
      timeoutMs: 1000,
      warmUpMs: 0,
      baselineMs: 0,
      settleMs: 0,
      maxInFlight: null,
      seed: 1,
      tls: { caFile: null, serverName: null, insecure: false },
      resolve: {},
      injectStall: null,
      ...changes.traffic,
    },
  };
}
