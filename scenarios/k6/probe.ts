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
 *
 * Everything comes in one environment variable (an argument could be read in the process list by anybody).
 */
import { sleep } from 'k6';
import exec from 'k6/execution';
import http, { type RefinedParams, type ResponseType } from 'k6/http';
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
}

const probe = JSON.parse(__ENV.ROLLPROOF_PROBE ?? '{}') as Probe;
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
  gracefulStop: '0s',
});

export const options: Options = {
  scenarios: Object.fromEntries(probe.lanes.map((lane) => [lane.name, scenarioOf(lane)])),
  discardResponseBodies: true,
  noConnectionReuse: probe.freshConnections,
  insecureSkipTLSVerify: probe.insecure,
  // k6 keeps an address for five minutes; a load balancer's nodes come and go.
  dns: { ttl: '0', select: 'roundRobin', policy: 'preferIPv4' },
};

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
  const waitMs = (Math.random() * 1000) / lane.ratePerSecond;
  sleep(waitMs / 1000);
  const holdMs = lane.minHoldMs + Math.floor(Math.random() * (lane.maxHoldMs - lane.minHoldMs + 1));
  const url = lane.urls[Math.floor(Math.random() * lane.urls.length)] ?? '';
  const params: RefinedParams<ResponseType> = {
    headers: { ...probe.headers, 'X-Rollproof-Seq': String(number * 3 + SEQ_OF[lane.name]) },
    timeout: probe.timeoutMs,
    redirects: 0,
    tags: { name: 'rollproof' },
    responseType: probe.bodyContains === null ? 'none' : 'text',
  };
  const sentAt = Date.now();
  const answer = http.request(probe.method, url.replace('{ms}', String(holdMs)), probe.body, params);
  const { blocked, connecting, sending, waiting, duration } = answer.timings;
  const headers = answer.headers;
  const metadata = exec.vu.metrics.metadata as Record<string, unknown>;
  metadata.r = [
    1,
    name,
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
    probe.bodyContains === null ? 2 : `${answer.body ?? ''}`.includes(probe.bodyContains) ? 1 : 0,
  ].join('|');
  record.add(blocked + duration);
  delete metadata.r;
}

/** Header names as Go writes them: `x-boot-id` → `X-Boot-Id`. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

/** Text of strangers, safe inside a field of an unescaped row. Half a surrogate pair would throw. */
function clean(text: string | undefined): string {
  return encodeURIComponent((text ?? '').slice(0, 200).replace(/[\ud800-\udfff]/g, '?'));
}
