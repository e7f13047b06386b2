import { RollproofError } from '../../domain/errors.js';
import { splitAtPlaceholders } from '../../domain/placeholder.js';
import type { Workload } from '../../domain/ports.js';
import type { OkRule, Service, ValuesTable } from '../../domain/scenario.js';
import { LANE_CODE } from '../arrivals.js';
import { STREAMS, uniformStream } from '../random.js';
import { type FilledText, fixedText, headerValue, RowValues, urlEncoded, wireBytes } from './request-values.js';

/** The requests of a workload, rendered but for what differs from one arrival to the next. */
export interface RequestTemplate {
  /** One entry per request; 0 is `service` itself, which also is what the long lane sends. */
  readonly kinds: readonly RequestKind[];
  /** Which request arrival `seq` is: an index into `kinds`, the same for the same seed. */
  readonly kindOf: (seq: number, lane: number) => number;
  /** All bytes of one request as latin1 text; `seq` makes it recognisable on the server. */
  readonly render: (kind: number, seq: number, lane: number, holdMs: number) => string;
}

/** One of the requests, as far as its answer goes. */
export interface RequestKind {
  /** Its name in the samples; null where there is but one request. */
  readonly name: string | null;
  /** The answer has no body whatever its head says. */
  readonly headOnly: boolean;
  readonly ok: OkRule;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const PATH = /^\/[\x21-\x7e]*$/;
/** The engine answers for these itself: framing, connection use, and the exactly-once audit depend on them. */
const OWN_HEADERS = new Set([
  'connection',
  'content-length',
  'transfer-encoding',
  'x-rollproof-run',
  'x-rollproof-seq',
]);

/** What is sent, and under which words its faults are named. */
interface Wanted {
  readonly where: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** The text of a request around its sequence number. */
type Rendered = (seq: number, lane: number) => string;

/**
 * Renders the fixed part of every request once. Lanes `new` and `long` ask the peer to close (so that it, not we, keeps
 * the closed connection's port); lane `reuse` says nothing, which in HTTP/1.1 means keep-alive, and lane `h2` may not. A request without
 * `{{column}}` costs a draw and a concatenation per arrival, one with it a concatenation per column more.
 * Throws SCENARIO_INVALID for what would break out of its line or that the engine must own.
 */
export function requestTemplate(workload: Pick<Workload, 'service' | 'traffic' | 'runId'>): RequestTemplate {
  const { service, traffic, runId } = workload;
  const url = serviceUrl(service.url);
  if (headerValue(runId) === null) throw invalid('the run id does not fit into a header');
  const target = url.pathname + url.search;
  const own: Wanted = { where: 'service', path: target, ...service };
  const requests = service.requests ?? [];
  const values = service.values ?? null;
  const rowOf = rowChoice(values, traffic.seed);
  const texts: Rendered[] = [
    renderedRequest(own, url, runId, null, rowOf),
    ...requests.map((request, i) => {
      const wanted = { ...request, where: `service.requests[${i}]`, path: request.path ?? target };
      return renderedRequest(wanted, url, runId, values, rowOf);
    }),
  ];
  const held = (traffic.lanes.long?.path ?? target).split('{ms}');
  if (!PATH.test(held.join('0'))) throw invalid('traffic.lanes.long.path: must start with / and hold no blanks');
  const heldRest = renderedRequest({ ...own, path: '/' }, url, runId, null, rowOf);
  const heldFrom = service.method.length + 2;
  return {
    kinds: kindsOf(service),
    kindOf: kindChoice(requests, traffic.seed),
    render: (kind, seq, lane, holdMs) => {
      if (lane !== LANE_CODE.long) return texts[kind]!(seq, lane);
      return `${service.method} ${held.join(String(holdMs))}${heldRest(seq, lane).slice(heldFrom)}`;
    },
  };
}

function kindsOf(service: Service): RequestKind[] {
  const kind = (name: string | null, method: string, ok: OkRule | null): RequestKind => ({
    name,
    headOnly: method.toUpperCase() === 'HEAD',
    ok: ok ?? service.ok,
  });
  return [
    kind(null, service.method, service.ok),
    ...(service.requests ?? []).map((request) => kind(request.name, request.method, request.ok)),
  ];
}

function kindChoice(requests: NonNullable<Service['requests']>, seed: number): RequestTemplate['kindOf'] {
  if (requests.length === 0) return () => 0;
  const total = requests.reduce((sum, { weight }) => sum + weight, 0);
  if (!(total > 0 && Number.isFinite(total)) || requests.some(({ weight }) => weight < 0))
    throw invalid('service.requests: weights must not be negative and not all zero');
  let sum = 0;
  const below = Float64Array.from(requests, ({ weight }) => {
    sum += weight;
    return sum / total;
  });
  const draw = uniformStream(seed, STREAMS.request);
  // The last one with a weight: a sum of fractions may fall short of 1.
  const last = requests.findLastIndex(({ weight }) => weight > 0);
  return (seq, lane) => {
    if (lane === LANE_CODE.long) return 0;
    const u = draw(seq);
    for (let i = 0; i < last; i++) if (u < below[i]!) return i + 1;
    return last + 1;
  };
}

function rowChoice(values: ValuesTable | null, seed: number): (seq: number) => number {
  const rows = values?.rows.length ?? 0;
  if (values !== null && rows === 0) throw invalid(`service.values: ${values.file} has no rows`);
  if (values?.order !== 'random') return (seq) => seq % rows;
  const draw = uniformStream(seed, STREAMS.values);
  return (seq) => Math.floor(draw(seq) * rows);
}

/** One request; `values` = null sends braces as they stand. */
function renderedRequest(
  wanted: Wanted,
  url: URL,
  runId: string,
  values: ValuesTable | null,
  rowOf: (seq: number) => number,
): Rendered {
  const { where, method } = wanted;
  if (!TOKEN.test(method) || method.toUpperCase() === 'CONNECT') {
    throw invalid(`${where}.method: ${JSON.stringify(method)} is not a request method`);
  }
  if (!PATH.test(splitAtPlaceholders(wanted.path).fixed.join('x')))
    throw invalid(`${where}.path: must start with / and hold no blanks`);
  const table = values === null ? null : new RowValues(values);
  const path = filledText(table, wanted.path, urlEncoded, `${where}.path`);
  const head = filledText(table, headerLines(where, url, wanted.headers).join('\r\n'), headerValue, `${where}.headers`);
  const body = filledText(table, wireBytes(wanted.body ?? ''), bodyEncoding(wanted.headers), `${where}.body`);
  const isMeasured = wanted.body !== null || /^(POST|PUT|PATCH)$/i.test(method);
  const start = (row: number, connection: string) => {
    const length = isMeasured ? `\r\nContent-Length: ${body.length(row)}` : '';
    return `${method} ${path.at(row)} HTTP/1.1\r\n${head.at(row)}${length}\r\nX-Rollproof-Run: ${runId}\r\n${connection}X-Rollproof-Seq: `;
  };
  const fresh = 'Connection: close\r\n';
  if (!(path.isFixed && head.isFixed && body.isFixed))
    return (seq, lane) => {
      const row = rowOf(seq);
      return `${start(row, keeps(lane) ? '' : fresh) + seq}\r\n\r\n${body.at(row)}`;
    };
  const onKept = start(0, '');
  const onFresh = start(0, fresh);
  const tail = `\r\n\r\n${body.at(0)}`;
  return (seq, lane) => (keeps(lane) ? onKept : onFresh) + seq + tail;
}

function keeps(lane: number): boolean {
  return lane === LANE_CODE.reuse || lane === LANE_CODE.h2;
}

function filledText(
  table: RowValues | null,
  text: string,
  encode: (cell: string) => string | null,
  where: string,
): FilledText {
  if (table === null) return fixedText(text);
  try {
    return table.fill(text, encode);
  } catch (cause) {
    throw invalid(`${where}: ${(cause as Error).message}`);
  }
}

/** A cell must be what the body's kind makes of a text: a JSON string's inside, a form's value, or the text itself. */
function bodyEncoding(headers: Readonly<Record<string, string>>): (cell: string) => string {
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  if (/\bjson\b/i.test(type)) return (cell) => wireBytes(JSON.stringify(cell).slice(1, -1));
  if (/^\s*application\/x-www-form-urlencoded/i.test(type)) return urlEncoded;
  return wireBytes;
}

/** The service's URL, http or https. */
export function serviceUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw invalid(`service.url: ${JSON.stringify(text)} is not an absolute http(s) URL`);
  }
  return url;
}

function headerLines(where: string, url: URL, given: Readonly<Record<string, string>>): string[] {
  const lines: string[] = [];
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(given)) {
    const lower = name.toLowerCase();
    if (!TOKEN.test(name)) throw invalid(`${where}.headers: ${JSON.stringify(name)} is not a header name`);
    if (headerValue(value) === null)
      throw invalid(`${where}.headers.${name}: line breaks and characters beyond latin1 are refused`);
    if (OWN_HEADERS.has(lower)) throw invalid(`${where}.headers.${name}: the traffic engine sets this header itself`);
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
