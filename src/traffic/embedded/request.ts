import { RollproofError } from '../../domain/errors.js';
import type { Workload } from '../../domain/ports.js';
import { LANE_CODE } from '../arrivals.js';

/** The request of a workload, rendered but for what differs from one arrival to the next. */
export interface RequestTemplate {
  /** All bytes of one request as latin1 text; `seq` makes it recognisable on the server. */
  readonly render: (seq: number, lane: number, holdMs: number) => string;
  /** The answer has no body whatever its head says. */
  readonly headOnly: boolean;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Visible latin1, blanks and tabs: what a header value may hold without becoming another header. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const PATH = /^\/[\x21-\x7e]*$/;
/** The engine answers for these itself: framing, connection use, and the exactly-once audit depend on them. */
const OWN_HEADERS = new Set([
  'connection',
  'content-length',
  'transfer-encoding',
  'x-rollproof-run',
  'x-rollproof-seq',
]);

/**
 * Renders the fixed part once. Lanes `new` and `long` ask the peer to close (so that it, not we, keeps the closed
 * connection's port); lane `reuse` says nothing, which in HTTP/1.1 means keep-alive.
 * Throws SCENARIO_INVALID for a header that would break out of its line or that the engine must own.
 */
export function requestTemplate(workload: Pick<Workload, 'service' | 'traffic' | 'runId'>): RequestTemplate {
  const { service, traffic } = workload;
  const url = serviceUrl(service.url);
  if (!TOKEN.test(service.method) || service.method.toUpperCase() === 'CONNECT') {
    throw invalid(`service.method: ${JSON.stringify(service.method)} is not a request method`);
  }
  const headers = headerLines(url, service.headers);
  const body = service.body === null ? '' : Buffer.from(service.body, 'utf8').toString('latin1');
  if (service.body !== null || /^(POST|PUT|PATCH)$/i.test(service.method))
    headers.push(`Content-Length: ${body.length}`);
  if (!VALUE.test(workload.runId)) throw invalid('the run id does not fit into a header');
  headers.push(`X-Rollproof-Run: ${workload.runId}`);
  const common = headers.join('\r\n');
  const tail = `\r\n\r\n${body}`;
  const fixed = (path: string, connection: string) =>
    `${service.method} ${path} HTTP/1.1\r\n${common}\r\n${connection}X-Rollproof-Seq: `;
  const target = url.pathname + url.search;
  const fresh = fixed(target, 'Connection: close\r\n');
  const kept = fixed(target, '');
  const held = (traffic.lanes.long?.path ?? target).split('{ms}');
  if (!PATH.test(held.join('0'))) throw invalid('traffic.lanes.long.path: must start with / and hold no blanks');
  return {
    headOnly: service.method.toUpperCase() === 'HEAD',
    render: (seq, lane, holdMs) => {
      if (lane === LANE_CODE.reuse) return kept + seq + tail;
      if (lane === LANE_CODE.new) return fresh + seq + tail;
      return fixed(held.join(String(holdMs)), 'Connection: close\r\n') + seq + tail;
    },
  };
}

/** The service's URL, http or https. */
export function serviceUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw invalid(`service.url: ${JSON.stringify(text)} is not an absolute http(s) URL`);
  }
  return url;
}

function headerLines(url: URL, given: Readonly<Record<string, string>>): string[] {
  const lines: string[] = [];
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(given)) {
    const lower = name.toLowerCase();
    if (!TOKEN.test(name)) throw invalid(`service.headers: ${JSON.stringify(name)} is not a header name`);
    if (!VALUE.test(value))
      throw invalid(`service.headers.${name}: line breaks and characters beyond latin1 are refused`);
    if (OWN_HEADERS.has(lower)) throw invalid(`service.headers.${name}: the traffic engine sets this header itself`);
    seen.add(lower);
    lines.push(`${name}: ${value}`);
  }
  const defaults: [string, string][] = [
    ['Accept', '*/*'],
    ['User-Agent', 'rollproof'],
  ];
  for (const [name, value] of defaults) if (!seen.has(name.toLowerCase())) lines.unshift(`${name}: ${value}`);
  if (!seen.has('host')) lines.unshift(`Host: ${url.host}`);
  return lines;
}

function invalid(message: string): RollproofError {
  return new RollproofError('SCENARIO_INVALID', message, { hint: 'Correct the scenario file; nothing was sent.' });
}
