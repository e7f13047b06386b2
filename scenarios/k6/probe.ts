/**
 * The probe that rollproof runs in k6: one arrival per iteration, everything the verdict needs in one row.
 *
 * Why it looks the way it does:
 * - k6 stamps its own samples with the time a request *ended*, and a failed dial has no duration: the row carries when
 *   the arrival was due and when it was really sent.
 * - k6 fires on an exact grid. Two grids of one rate alternate strictly, and behind a round-robin balancer an alternation
 *   shows each lane one target only: every arrival waits a random part of its slot. How far it overslept says how well
 *   the process ran.
 * - Values go into the metadata, never into tags: a tag value makes a time series each.
 * - Where nobody reads k6's output but a log that is rotated (Kubernetes), `rows: console` writes one short line per
 *   request instead; its number shows when one was lost.
 *
 * Everything comes in one environment variable (an argument could be read in the process list by anybody), or from a file.
 */
import { sleep } from 'k6';
import exec from 'k6/execution';
import http, { type RefinedParams, type RefinedResponse, type ResponseType } from 'k6/http';
import { Trend } from 'k6/metrics';
import type { Options, Scenario } from 'k6/options';

interface Lane {
  readonly name: 'new' | 'reuse' | 'long';
  readonly ratePerSecond: number;
  readonly vus: number;
  /** One per address of the service, drawn at random; `{ms}` becomes the hold time. */
  readonly urls: readonly string[];
  readonly minHoldMs: number;
  readonly maxHoldMs: number;
}

interface Probe {
  readonly lanes: readonly Lane[];
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly bodyContains: string | null;
  readonly identity: { readonly target: string; readonly version: string; readonly bootId: string | null };
  readonly timeoutMs: number;
  readonly durationS: number;
  readonly freshConnections: boolean;
  readonly insecure: boolean;
  /** Where rows go: k6's CSV output (the default), or one short line each on the console. */
  readonly rows?: 'csv' | 'console';
  /** How long requests in flight at the end may go on, s; 0 when whoever started k6 stops it earlier. */
  readonly gracefulStopS?: number;
  /** Headers whose value stands in an environment variable of its own. */
  readonly secretHeaders?: Readonly<Record<string, string>>;
}

/** k6's own; its types leave it out. */
declare const console: { log(line: string): void };

/** `k6 archive` (k6-operator's first step) sees no environment but `--env`: there the plan is a file beside this one. */
const probe = JSON.parse(__ENV.ROLLPROOF_PROBE ?? open(`./${__ENV.ROLLPROOF_PROBE_FILE}`)) as Probe;
const record = new Trend('rollproof', true);

/** A rate such as 2.5/s needs whole numbers: thousandths over a thousand seconds have the same period. */
const scenarioOf = (lane: Lane): Scenario => ({
  executor: 'constant-arrival-rate',
  exec: 'arrival',
  rate: Math.round(lane.ratePerSecond * 1000),
  timeUnit: '1000s',
  duration: `${probe.durationS}s`,
  preAllocatedVUs: lane.vus,
  maxVUs: lane.vus,
  gracefulStop: `${probe.gracefulStopS ?? 0}s`,
});

export const options: Options = {
  scenarios: Object.fromEntries(probe.lanes.map((lane) => [lane.name, scenarioOf(lane)])),
  discardResponseBodies: true,
  noConnectionReuse: probe.freshConnections,
  insecureSkipTLSVerify: probe.insecure,
  // k6 keeps an address for five minutes; a load balancer's nodes come and go.
  dns: { ttl: '0', select: 'roundRobin', policy: 'preferIPv4' },
};

const headersSent = { ...probe.headers };
const secrets = Object.entries(probe.secretHeaders ?? {});
for (const [name, variable] of secrets) headersSent[name] = __ENV[variable] ?? '';
const unset = secrets.filter(([, variable]) => (__ENV[variable] ?? '') === '');

/** The three lanes share one run: every request has a number of its own. */
const SEQ_OF = { new: 0, reuse: 1, long: 2 } as const;

const lanes = new Map(probe.lanes.map((lane) => [lane.name as string, lane]));
const targetHeader = canonical(probe.identity.target);
const versionHeader = canonical(probe.identity.version);
const bootHeader = probe.identity.bootId === null ? null : canonical(probe.identity.bootId);

export function arrival(): void {
  const begun = Date.now();
  const { name, iterationInTest: number, startTime } = exec.scenario;
  const lane = lanes.get(name);
  if (lane === undefined) throw new Error(`no lane ${name}`);
  // Not before: `k6 archive` must get by without secrets. What throws leaves no row, so it cannot pass for traffic.
  if (unset.length > 0) throw new Error(`not set: ${unset.map(([, variable]) => variable).join(', ')}`);
  const waitMs = (Math.random() * 1000) / lane.ratePerSecond;
  sleep(waitMs / 1000);
  const holdMs = lane.minHoldMs + Math.floor(Math.random() * (lane.maxHoldMs - lane.minHoldMs + 1));
  const url = lane.urls[Math.floor(Math.random() * lane.urls.length)] ?? '';
  const params: RefinedParams<ResponseType> = {
    headers: { ...headersSent, 'X-Rollproof-Seq': String(number * 3 + SEQ_OF[lane.name]) },
    timeout: probe.timeoutMs,
    redirects: 0,
    tags: { name: 'rollproof' },
    responseType: probe.bodyContains === null ? 'none' : 'text',
  };
  const sentAt = Date.now();
  const answer = http.request(probe.method, url.replace('{ms}', String(holdMs)), probe.body, params);
  const row: Row = { lane: name as Lane['name'], number, startTime, begun, waitMs, sentAt, answer };
  if (probe.rows === 'console') console.log(consoleRow(row, Date.now()));
  else {
    const metadata = exec.vu.metrics.metadata as Record<string, unknown>;
    metadata.r = csvRow(row);
    record.add(answer.timings.blocked + answer.timings.duration);
    delete metadata.r;
  }
}

interface Row {
  readonly lane: Lane['name'];
  readonly number: number;
  readonly startTime: number;
  readonly begun: number;
  readonly waitMs: number;
  readonly sentAt: number;
  readonly answer: RefinedResponse<ResponseType>;
}

function csvRow({ lane, number, startTime, begun, waitMs, sentAt, answer }: Row): string {
  const { blocked, connecting, sending, waiting, duration } = answer.timings;
  const headers = answer.headers;
  return [
    1,
    lane,
    number,
    startTime,
    begun,
    waitMs.toFixed(3),
    sentAt,
    answer.status,
    answer.error_code,
    clean(answer.error),
    clean(answer.status_text),
    clean(headers.Server),
    clean(headers[targetHeader]),
    clean(headers[versionHeader]),
    clean(bootHeader === null ? '' : headers[bootHeader]),
    blocked.toFixed(3),
    connecting.toFixed(3),
    (sending + waiting).toFixed(3),
    duration.toFixed(3),
    clean(answer.remote_ip),
    bodyOk(answer),
    dateSeconds(headers.Date),
  ].join('|');
}

/**
 * The same in some 80 bytes: numbers to the base 36, times as differences. What says why a request failed follows only
 * where one did. The full stop at the end shows that the line is whole.
 */
function consoleRow({ lane, number, startTime, begun, waitMs, sentAt, answer }: Row, now: number): string {
  const { blocked, connecting, sending, waiting, duration } = answer.timings;
  const headers = answer.headers;
  const short = (n: number) => Math.max(0, Math.round(n)).toString(36);
  const body = bodyOk(answer);
  const plain = [
    'rp1',
    `${lane[0]}${short(number)}`,
    short(startTime),
    short(begun - startTime),
    short(waitMs * 1000),
    short(sentAt - begun),
    answer.status,
    short(blocked * 1000),
    connecting > 0 ? 1 : '',
    short((sending + waiting) * 1000),
    short(duration * 1000),
    dateSeconds(headers.Date) === '' ? '' : Number(dateSeconds(headers.Date)).toString(36),
    clean(headers[targetHeader]),
    clean(headers[versionHeader]),
    clean(bootHeader === null ? '' : headers[bootHeader]),
    clean(answer.remote_ip),
  ];
  const isPlain = answer.error_code === 0 && answer.status < 400 && body !== 0;
  const why = [answer.error_code, clean(answer.error), clean(answer.status_text), clean(headers.Server)];
  return [...plain, ...(isPlain ? [body] : [body, short(now - sentAt), ...why]), '.'].join('|');
}

function bodyOk(answer: RefinedResponse<ResponseType>): 0 | 1 | 2 {
  if (probe.bodyContains === null) return 2;
  return `${answer.body ?? ''}`.includes(probe.bodyContains) ? 1 : 0;
}

/** The answering server's own clock, whole seconds since the epoch: it shows how far apart two clocks are. */
function dateSeconds(header: string | undefined): string {
  const ms = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isFinite(ms) ? String(Math.round(ms / 1000)) : '';
}

/** Header names as Go writes them: `x-boot-id` → `X-Boot-Id`. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

/** Text of strangers, safe inside a field of an unescaped row. Half a surrogate pair would throw. */
function clean(text: string | undefined): string {
  return encodeURIComponent((text ?? '').slice(0, 200).replace(/[\ud800-\udfff]/g, '?'));
}
