import type { Lane } from './sample.js';
import type { Scenario, Service, Traffic } from './scenario.js';

/** Methods Go re-sends silently when a kept-alive connection dies before the first byte (net/http, isReplayable). */
const REPLAYED = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const REPLAY_HEADERS = new Set(['idempotency-key', 'x-idempotency-key']);

/** What of a request makes Go, and so k6, hide a connection dropped under it: `GET`; null = it is seen. */
export function replayedByGo({ method, headers }: Pick<Service, 'method' | 'headers'>): string | null {
  if (REPLAYED.has(method.toUpperCase())) return method;
  const header = Object.keys(headers).find((name) => REPLAY_HEADERS.has(name.toLowerCase()));
  return header === undefined ? null : `${method} with ${header}`;
}

/** Lanes that the scenario asks for and that are not run because the engine would not see what breaks there. */
export function lanesNotRun({ service, traffic }: Pick<Scenario, 'service' | 'traffic'>): readonly Lane[] {
  const { lanes, engine, script } = traffic;
  if (lanes.leftOut !== undefined) return lanes.leftOut;
  const isHidden = engine === 'k6' && script == null && lanes.reuseWeight > 0 && replayedByGo(service) !== null;
  return isHidden ? ['reuse'] : [];
}

/** The lanes without those nobody would see: what is left out stays on record. */
export function withoutReuse(lanes: Traffic['lanes']): Traffic['lanes'] {
  return { ...lanes, reuseWeight: 0, leftOut: ['reuse'] };
}

/** Why lane reuse is not run: message of the warning, of the power check and of the verdict. */
export function notRunText(service: Pick<Service, 'method' | 'headers'>): string {
  const what = replayedByGo(service) ?? service.method;
  return `k6 cannot see a kept-alive connection die under ${what} (Go sends it again); lane reuse is not run, and without it there is no PASS`;
}

/** What to do about it, to be put behind "set". */
export function notRunWays({ method }: Pick<Service, 'method'>): string {
  const post = REPLAYED.has(method.toUpperCase()) ? 'service.method: POST, or ' : '';
  return `${post}traffic.engine: embedded or jmeter, or give the claim up with traffic.lanes.reuse: 0`;
}
