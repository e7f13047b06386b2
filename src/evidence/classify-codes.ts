import { HTTP2_CUT } from '../domain/http2.js';
import type { SampleClass } from '../domain/outage.js';
import { ENGINE_ERRORS } from '../domain/sample.js';

const NODE_CODES: ReadonlyMap<string, SampleClass> = new Map([
  ...entries('client', 'EADDRNOTAVAIL EADDRINUSE EMFILE ENFILE ENOBUFS ENOMEM EACCES EPERM ERR_INVALID_URL'),
  ...entries('dns', 'ENOTFOUND ESERVFAIL'),
  ...entries('refused', 'ECONNREFUSED'),
  ...entries('unreachable', 'EHOSTUNREACH ENETUNREACH ENETDOWN EHOSTDOWN'),
  ...entries('timeout', 'ETIMEDOUT ZDT_TIMEOUT UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT'),
  ...entries('timeout', ENGINE_ERRORS.timeout),
  ...entries('reset', 'ECONNRESET EPIPE ECONNABORTED UND_ERR_SOCKET'),
  ...entries('reset', ENGINE_ERRORS.closed),
  ...entries('truncated', ENGINE_ERRORS.truncated),
  ...entries('tls', 'EPROTO DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN'),
  ...entries('tls', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE UNABLE_TO_GET_ISSUER_CERT UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
  ...entries('tls', ENGINE_ERRORS.notHttp2),
  ...entries('protocol', ENGINE_ERRORS.protocol),
  ...entries('dropped', ENGINE_ERRORS.dropped),
  ...entries('aborted', ENGINE_ERRORS.aborted),
  ...entries('client', 'k6:dropped'),
]);

const NODE_FAMILIES: readonly (readonly [RegExp, SampleClass])[] = [
  [/^EAI_/, 'dns'],
  [/^(CERT_|ERR_TLS|ERR_SSL)/, 'tls'],
  [/^HPE_/, 'protocol'],
  // As k6's 16xx. REFUSED_STREAM and a GOAWAY that leaves a stream out say that nothing was processed, so that a client may
  // send again; whoever does not, as we, has a failed request all the same.
  [HTTP2_CUT, 'reset'],
];

/** JMeter's sample results carry Java class names; the last one named decides. */
const JAVA_FAMILIES: readonly (readonly [RegExp, SampleClass])[] = [
  [/^BindException$/, 'client'],
  [/^UnknownHostException$/, 'dns'],
  [/^(HttpHostConnectException|ConnectException)$/, 'refused'],
  [/^NoRouteToHostException$/, 'unreachable'],
  [/TimeoutException$/, 'timeout'],
  [/^(NoHttpResponseException|SocketException|ConnectionClosedException|ConnectionResetException)$/, 'reset'],
  [/^TruncatedChunkException$/, 'truncated'],
  [/^SSL\w*Exception$/, 'tls'],
];

/** k6 error codes (grafana/k6 lib/netext/httpext/error_codes.go), single ones and ranges, both ends included. */
const K6_RANGES: readonly (readonly [number, number, SampleClass])[] = [
  [1020, 1020, 'client'],
  [1110, 1111, 'client'],
  [1100, 1101, 'dns'],
  [1212, 1212, 'refused'],
  [1050, 1050, 'timeout'],
  [1211, 1211, 'timeout'],
  [1201, 1201, 'reset'],
  [1220, 1220, 'reset'],
  [1600, 1699, 'reset'],
  [1300, 1399, 'tls'],
  [1701, 1701, 'protocol'],
];

function entries(kind: SampleClass, codes: string): [string, SampleClass][] {
  return codes.split(' ').map((code) => [code, kind]);
}

/** What an error code says; `status` where it only repeats an HTTP status (k6 14xx and 15xx). */
export type CodeMeaning = { readonly class: SampleClass } | { readonly status: number };

function k6Meaning(code: number, message: string): CodeMeaning {
  if (code >= 1400 && code <= 1599) return { status: code - 1000 };
  if (code === 1000 && /EOF|server closed idle/.test(message)) return { class: 'reset' };
  const range = K6_RANGES.find(([from, to]) => code >= from && code <= to);
  return { class: range?.[2] ?? 'other' };
}

function javaClass(name: string): SampleClass {
  return JAVA_FAMILIES.find(([pattern]) => pattern.test(name))?.[1] ?? 'other';
}

/**
 * The table of verdict.md §1.2: error code → class. Knows Node and undici codes, `k6:NNNN` (a text after the number
 * counts as its message), Java class names and our own engine's codes; anything else is `other`, which fails.
 */
export function codeMeaning(code: string, message: string): CodeMeaning {
  const known = NODE_CODES.get(code);
  if (known !== undefined) return { class: known };
  const k6 = /^k6:(\d+)\b/.exec(code);
  if (k6 !== null) return k6Meaning(Number(k6[1]), `${code.slice(k6[0].length)} ${message}`);
  const java = code.match(/\b[A-Z]\w*Exception\b/g)?.at(-1);
  if (java !== undefined) return { class: javaClass(java) };
  return { class: NODE_FAMILIES.find(([pattern]) => pattern.test(code))?.[1] ?? 'other' };
}
