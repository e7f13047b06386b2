import type { FleetPlan } from '../../src/traffic/fleet/fleet-plan.js';

/** When the fleet began, ms since 1970. */
export const START = 1_800_000_000_000;
/** Three shards of one lane, 6 s at 20/s. */
export const PLAN: FleetPlan = {
  format: 1,
  engine: 'k6',
  scenario: 'test',
  runId: 'test',
  shards: 3,
  durationMs: 6000,
  service: { method: 'POST', path: '/' },
  traffic: { ratePerSecond: 20, lanes: { newWeight: 1, reuseWeight: 0, long: null }, timeoutMs: 1000 },
  parts: [{ name: 'p', lanes: [{ name: 'new', ratePerSecond: 20, places: 30 }] }],
};

/** The row of arrival `number`, begun that many ms after the start, as the probe prints it on the console. */
export function consoleLine(number: number, begun: number): string {
  const b = (n: number) => n.toString(36);
  const date = Math.floor((START + begun) / 1000);
  return `rp1|n${b(number)}|${b(START)}|${b(begun)}|${b(7000)}|${b(8)}|200|${b(900)}|1|${b(2000)}|${b(2500)}|${b(date)}|s1|v1||10.0.0.1|2|.`;
}
