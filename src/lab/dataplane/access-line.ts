/** What one line of an access log tells; times in ms, null = it never came to that. */
export interface AccessFacts {
  readonly listener: 'http' | 'https' | 'tcp' | 'ssl';
  /** Name of the load balancer. */
  readonly balancer: string;
  readonly arrivedAt: Date;
  readonly endedAt: Date;
  /** `address:port`. */
  readonly client: string;
  /** `address:port` of who it was sent to; null = nobody. */
  readonly target: string | null;
  /** From its arrival until it was sent to the target. */
  readonly requestMs: number | null;
  /** From then until the target's answer began. */
  readonly targetMs: number | null;
  /** From then until it was passed on. */
  readonly responseMs: number | null;
  /** What the client got, and what the target said. */
  readonly status: number | null;
  readonly targetStatus: number | null;
  readonly receivedHeadBytes: number;
  readonly receivedBodyBytes: number;
  readonly sentHeadBytes: number;
  readonly sentBodyBytes: number;
  /** Method, full URL and version; null for TCP. Untrusted. */
  readonly request: { readonly method: string; readonly url: string; readonly version: string } | null;
  /** Untrusted; empty = the client sent none. */
  readonly userAgent: string;
  readonly cipher: string | null;
  readonly protocol: string | null;
}

/**
 * One line as a Classic ELB writes it (AWS's guide, "Access logs for your Classic Load Balancer"), without line end:
 * time elb client:port backend:port three times elb_status backend_status received sent "request" "agent" cipher protocol.
 */
export function classicLine(facts: AccessFacts): string {
  const { request } = facts;
  const http = request !== null;
  // TCP has no heads: every byte counts.
  const received = facts.receivedBodyBytes + (http ? 0 : facts.receivedHeadBytes);
  const sent = facts.sentBodyBytes + (http ? 0 : facts.sentHeadBytes);
  const line = http ? `${quotable(request.method)} ${quotable(request.url)} ${request.version}` : '- - - ';
  return [
    timeOf(facts.arrivedAt),
    facts.balancer,
    facts.client,
    facts.target ?? '-',
    ...timesOf(facts),
    http ? (facts.status ?? '-') : '-',
    http ? (facts.targetStatus ?? (facts.target === null ? '-' : 0)) : '-',
    received,
    sent,
    `"${line}"`,
    `"${quotable(facts.userAgent) || '-'}"`,
    facts.cipher ?? '-',
    facts.protocol ?? '-',
  ].join(' ');
}

/**
 * One line as an Application Load Balancer writes it, without line end ("Access logs for your Application Load
 * Balancer"); fields about certificates, rules, tracing and classification, of which the lab has none, are `-`.
 */
export function albLine(facts: AccessFacts): string {
  const request = facts.request ?? { method: '-', url: '-', version: '-' };
  const domain = facts.listener === 'https' ? quotable(hostOf(request.url)) : '-';
  return [
    facts.listener,
    timeOf(facts.endedAt),
    `app/${facts.balancer}/lab`,
    facts.client,
    facts.target ?? '-',
    ...timesOf(facts),
    facts.status ?? '-',
    facts.targetStatus ?? '-',
    facts.receivedHeadBytes + facts.receivedBodyBytes,
    facts.sentHeadBytes + facts.sentBodyBytes,
    `"${quotable(request.method)} ${quotable(request.url)} ${request.version}"`,
    `"${quotable(facts.userAgent) || '-'}"`,
    facts.cipher ?? '-',
    facts.protocol ?? '-',
    '-',
    '"-"',
    `"${domain}"`,
    '"-"',
    '0',
    timeOf(facts.arrivedAt),
    facts.target === null ? '"-"' : '"forward"',
    '"-"',
    '"-"',
    `"${facts.target ?? '-'}"`,
    `"${facts.targetStatus ?? '-'}"`,
    '"-"',
    '"-"',
  ].join(' ');
}

/** Seconds with six decimals; all three are -1 when the request did not get through to an answer. */
function timesOf({ requestMs, targetMs, responseMs }: AccessFacts): string[] {
  if (requestMs === null || targetMs === null || responseMs === null) return ['-1', '-1', '-1'];
  return [requestMs, targetMs, responseMs].map((ms) => (Math.max(0, ms) / 1e3).toFixed(6));
}

/** ISO 8601 with AWS's six decimals; the clock gives three. */
function timeOf(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}

function hostOf(url: string): string {
  return /^https?:\/\/([^/:]*)/.exec(url)?.[1] ?? '-';
}

/** A client's text inside quotes: what could end the field, the line or a terminal's patience becomes \xHH. */
function quotable(text: string): string {
  return text.replace(/["\\]|[^\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
