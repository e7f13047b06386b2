import { RollproofError } from '../../domain/errors.js';
import { notRunText, notRunWays } from '../../domain/lane-sight.js';
import type { Service, Traffic } from '../../domain/scenario.js';
import { serviceUrl } from '../embedded/request.js';
import { type ProbePlan, probePlans, trafficForK6 } from '../k6/probe-plan.js';
import { evenVus, MAX_SEGMENTS } from '../segments.js';
import type { FleetPlan } from './fleet-plan.js';

export interface K6FleetRequest {
  readonly scenario: string;
  /** Names the parts after it. */
  readonly name: string;
  readonly service: Service;
  readonly traffic: Traffic;
  readonly shards: number;
  readonly durationMs: number;
  readonly rows: 'console' | 'csv';
  /** Header → environment variable that holds its value: it is left out of the plan. */
  readonly secretHeaders: Readonly<Record<string, string>>;
}

/** A probe plan for one part of a fleet: what every process of that part is told. */
export type FleetProbe = ProbePlan & {
  readonly name: string;
  readonly rows: 'console' | 'csv';
  readonly gracefulStopS: number;
  readonly secretHeaders: Readonly<Record<string, string>>;
};

export interface K6Fleet {
  readonly plan: FleetPlan;
  readonly probes: readonly FleetProbe[];
  /** What this fleet will not show, for a person. */
  readonly notes: readonly string[];
}

/**
 * The traffic of a scenario as several k6 processes are to fire it: one part per kind of connection, each split evenly.
 * @throws RollproofError for what k6 cannot do.
 */
export function k6Fleet(request: K6FleetRequest): K6Fleet {
  const { service, shards, durationMs } = request;
  if (!Number.isInteger(shards) || shards < 1 || shards > MAX_SEGMENTS)
    throw new RollproofError('ARGUMENT_INVALID', `${shards} generators`, { hint: `give 1 to ${MAX_SEGMENTS}` });
  const traffic = trafficForK6(service, request.traffic);
  if (traffic === null)
    throw new RollproofError('SCENARIO_INVALID', `k6 cannot vouch for lane reuse with ${service.method}`, {
      hint: 'set service.method: POST, or give traffic.lanes.new a weight',
    });
  const workload = { runId: request.name, service, traffic, maxDurationMs: durationMs };
  const plans = probePlans({ ...workload, source: 'k6', monotonicOriginNs: '0', startAt: 0 });
  const probes = plans.map((plan) => fleetProbe(plan, request));
  const url = serviceUrl(service.url);
  return {
    plan: {
      format: 1,
      engine: 'k6',
      scenario: request.scenario,
      runId: request.name,
      shards,
      durationMs: (plans[0]?.durationS ?? 0) * 1000,
      service: { method: service.method, path: url.pathname },
      traffic: { ratePerSecond: traffic.ratePerSecond, lanes: traffic.lanes, timeoutMs: traffic.timeoutMs },
      parts: probes.map(({ name, lanes }) => ({
        name,
        lanes: lanes.map(({ name: lane, ratePerSecond, vus, urls }) => ({
          name: lane,
          ratePerSecond,
          places: vus * urls.length,
        })),
      })),
    },
    probes,
    notes: traffic === request.traffic ? [] : [`${notRunText(service)}: set ${notRunWays(service)}`],
  };
}

/** Requests due at the end still get their whole time, so that none is cut and every number has its row. */
function fleetProbe(plan: ProbePlan, { name, shards, rows, secretHeaders }: K6FleetRequest): FleetProbe {
  const slowest = Math.min(...plan.lanes.map(({ ratePerSecond }) => ratePerSecond));
  const headers = Object.entries(plan.headers).filter(([header]) => !(header in secretHeaders));
  return {
    ...plan,
    name: `${name}-${plan.freshConnections ? 'fresh' : 'reuse'}`,
    headers: Object.fromEntries(headers),
    secretHeaders,
    rows,
    gracefulStopS: Math.ceil((plan.timeoutMs + 1000 / slowest) / 1000) + 1,
    lanes: plan.lanes.map((lane) => ({
      ...lane,
      // The probe counts in thousandths.
      ratePerSecond: Math.round(lane.ratePerSecond * 1000) / 1000,
      vus: evenVus(Math.max(lane.vus, shards * 2), shards),
    })),
  };
}
