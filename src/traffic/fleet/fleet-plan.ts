import { LANES, type Lane } from '../../domain/sample.js';
import type { Traffic } from '../../domain/scenario.js';

/** What several generators were told to fire together: written by the export, read again when their rows are judged. */
export interface FleetPlan {
  readonly format: 1;
  readonly engine: 'k6' | 'embedded';
  readonly scenario: string;
  readonly runId: string;
  /** Generators that share each part. Shard `i` fires the arrivals whose number leaves `i` when divided by it. */
  readonly shards: number;
  readonly durationMs: number;
  readonly service: { readonly method: string; readonly path: string };
  /** As it is fired: lanes the engine cannot vouch for are out. */
  readonly traffic: Pick<Traffic, 'ratePerSecond' | 'lanes' | 'timeoutMs'>;
  /** k6 knows connection reuse per process only: one part per kind of connection. */
  readonly parts: readonly FleetPart[];
}

export interface FleetPart {
  readonly name: string;
  readonly lanes: readonly FleetLane[];
}

interface FleetLane {
  readonly name: Lane;
  readonly ratePerSecond: number;
  /** Connections that all shards together may keep. */
  readonly places: number;
}

/** The last second is not judged: a generator may end a moment before the plan does. */
export const RUN_OUT_MS = 1000;

/**
 * Slots that shard `shard` of `shards` has before `beforeMs` on a grid of `ratePerSecond` that begins at 0 with number 0:
 * numbers n ≡ shard (mod shards) with n / rate < before.
 */
export function slotsOf(ratePerSecond: number, shard: number, shards: number, beforeMs: number): number {
  const all = Math.ceil((beforeMs * ratePerSecond) / 1000 - 1e-9);
  return Math.max(0, Math.ceil((all - shard) / shards));
}

/** The plan in a file's text. @throws Error with what is wrong. */
export function parseFleetPlan(json: string): FleetPlan {
  const plan = JSON.parse(json) as Partial<FleetPlan> | null;
  const fail = (what: string): never => {
    throw new Error(`this is no fleet plan: ${what}`);
  };
  if (typeof plan !== 'object' || plan === null) return fail('it is no object');
  if (plan.format !== 1) return fail(`format ${JSON.stringify(plan.format)} is not 1`);
  if (plan.engine !== 'k6' && plan.engine !== 'embedded') return fail('engine is neither k6 nor embedded');
  const { shards, durationMs, parts, traffic, service } = plan;
  if (!Number.isInteger(shards) || !(shards! >= 1 && shards! <= 10_000)) return fail('shards is no number of them');
  if (!(typeof durationMs === 'number' && durationMs > RUN_OUT_MS)) return fail('durationMs is too short');
  if (typeof service?.method !== 'string' || typeof service.path !== 'string') return fail('service is missing');
  if (typeof traffic?.ratePerSecond !== 'number' || typeof traffic.lanes !== 'object' || !(traffic.timeoutMs > 0))
    return fail('traffic is missing');
  if (!Array.isArray(parts) || parts.length === 0) return fail('it has no parts');
  const names = new Set<string>();
  for (const part of parts) {
    if (typeof part.name !== 'string' || !Array.isArray(part.lanes) || part.lanes.length === 0)
      return fail('a part has no lanes');
    for (const { name, ratePerSecond, places } of part.lanes) {
      if (!LANES.includes(name) || !(ratePerSecond > 0)) return fail(`part ${part.name} has a lane without a rate`);
      if (!(places >= 1)) return fail(`lane ${name} does not say how many places it has: export it again`);
      if (names.has(name)) return fail(`lane ${name} is there twice`);
      names.add(name);
    }
  }
  return plan as FleetPlan;
}
