import { RollproofError } from '../../domain/errors.js';
import { replayedByGo, withoutReuse } from '../../domain/lane-sight.js';
import type { Workload } from '../../domain/ports.js';
import type { Service, Traffic } from '../../domain/scenario.js';
import { inFlightCap } from '../arrivals.js';
import { givenAddresses } from '../embedded/address-book.js';
import { serviceUrl } from '../embedded/request.js';
import { evenVus } from '../segments.js';

/**
 * What k6 can vouch for: lane `reuse` is left out where Go would hide its failures, and its arrivals go to lane `new`.
 * Null when nothing would be left.
 */
export function trafficForK6(service: Service, traffic: Traffic): Traffic | null {
  if (replayedByGo(service) === null || traffic.lanes.reuseWeight === 0) return traffic;
  if (traffic.lanes.newWeight === 0 && traffic.lanes.long === null) return null;
  return { ...traffic, lanes: withoutReuse(traffic.lanes) };
}

interface ProbeLane {
  readonly name: 'new' | 'reuse' | 'long';
  readonly ratePerSecond: number;
  readonly vus: number;
  readonly urls: readonly string[];
  readonly minHoldMs: number;
  readonly maxHoldMs: number;
}

/** What one k6 process is told (scenarios/k6/probe.ts reads it). */
export interface ProbePlan {
  readonly lanes: readonly ProbeLane[];
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly bodyContains: string | null;
  readonly identity: { readonly target: string; readonly version: string; readonly bootId: string | null };
  readonly timeoutMs: number;
  readonly durationS: number;
  /** k6 knows connection reuse per process only: that is why there are two. */
  readonly freshConnections: boolean;
  readonly insecure: boolean;
}

/**
 * One plan per k6 process: lanes on fresh connections in the first, the kept-alive lane in the second.
 * @param vouched false only for a self-test that shows what Go hides on kept-alive connections.
 */
export function probePlans(workload: Workload, vouched = true): readonly ProbePlan[] {
  const { service, traffic } = workload;
  refuseWhatK6Cannot(workload, vouched);
  const { newWeight, reuseWeight, long } = traffic.lanes;
  const share = (weight: number) => (traffic.ratePerSecond * weight) / Math.max(newWeight + reuseWeight, 1e-9);
  const plain = (name: 'new' | 'reuse', weight: number): ProbeLane[] =>
    weight === 0 ? [] : [lane(workload, name, share(weight), null)];
  const held = long === null ? [] : [lane(workload, 'long', long.ratePerSecond, long)];
  const common = {
    method: service.method,
    headers: { ...service.headers, 'X-Rollproof-Run': workload.runId, ...hostHeader(workload) },
    body: service.body,
    bodyContains: service.ok.bodyContains,
    identity: service.identity,
    timeoutMs: traffic.timeoutMs,
    durationS: Math.ceil(workload.maxDurationMs / 1000),
    insecure: traffic.tls.insecure,
  };
  return [
    { ...common, freshConnections: true, lanes: [...plain('new', newWeight), ...held] },
    { ...common, freshConnections: false, lanes: plain('reuse', reuseWeight) },
  ].filter((plan) => plan.lanes.length > 0);
}

/**
 * VUs are places for requests in flight: as many as a hanging service can fill until the timeout frees them. They are those
 * of all segments together, k6 divides them.
 */
function lane(
  workload: Workload,
  name: ProbeLane['name'],
  ratePerSecond: number,
  long: Traffic['lanes']['long'],
): ProbeLane {
  const { traffic, service } = workload;
  const total = traffic.ratePerSecond + (traffic.lanes.long?.ratePerSecond ?? 0);
  const needed = Math.ceil((ratePerSecond * (traffic.timeoutMs + 500)) / 1000) + 10;
  const given = Math.max(1, Math.ceil((inFlightCap(traffic) * ratePerSecond) / total));
  const url = serviceUrl(service.url);
  const path = long === null ? url.pathname + url.search : long.path;
  const addresses = givenAddresses(url, traffic.resolve);
  const origins =
    addresses.length === 0
      ? [url.origin]
      : addresses.map(({ ip, port, family }) => `${url.protocol}//${family === 6 ? `[${ip}]` : ip}:${port}`);
  return {
    name,
    ratePerSecond,
    vus: evenVus(traffic.maxInFlight === null ? needed : given, traffic.segments ?? 1),
    urls: origins.map((origin) => origin + path),
    minHoldMs: long?.minHoldMs ?? 0,
    maxHoldMs: long?.maxHoldMs ?? 0,
  };
}

/** With addresses given, the URL names the address and the header names the host. */
function hostHeader({ service, traffic }: Workload): Record<string, string> {
  const url = serviceUrl(service.url);
  const isGiven = Object.keys(service.headers).some((name) => name.toLowerCase() === 'host');
  return isGiven || givenAddresses(url, traffic.resolve).length === 0 ? {} : { Host: url.host };
}

function refuseWhatK6Cannot({ service, traffic }: Workload, vouched: boolean): void {
  const url = serviceUrl(service.url);
  const refuse = (message: string, hint: string): never => {
    throw new RollproofError('SCENARIO_INVALID', `traffic.engine k6: ${message}`, { hint });
  };
  if (url.protocol === 'https:' && givenAddresses(url, traffic.resolve).length > 0)
    refuse('cannot combine traffic.resolve with https', 'use traffic.engine: embedded, or let DNS name the addresses');
  if (traffic.tls.serverName !== null && traffic.tls.serverName !== url.hostname)
    refuse('cannot use another traffic.tls.serverName than the host of the URL', 'use traffic.engine: embedded');
  if ((service.requests ?? []).length > 0 || service.values != null)
    refuse('sends one request, not service.requests', 'use traffic.engine: embedded');
  if (traffic.tls.certFile != null) refuse('does not show a client certificate', 'use traffic.engine: embedded');
  if ((traffic.lanes.h2Weight ?? 0) > 0) refuse('does not run lane h2', 'use traffic.engine: embedded');
  if (traffic.injectStall !== null) refuse('cannot inject a stall', 'traffic.injectStall needs the embedded engine');
  if (vouched && trafficForK6(service, traffic) !== traffic)
    refuse(`cannot vouch for lane reuse with ${service.method}`, 'set traffic.lanes.reuse: 0, or use another method');
}
