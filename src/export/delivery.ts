import type { RunResult } from '../domain/result.js';
import { grafanaAnnotations } from './grafana.js';
import { otlpSpans } from './otlp-spans.js';

/** Where a run's telemetry is sent; null = nowhere. */
export interface TelemetryTargets {
  /** Base URL of Grafana. */
  readonly grafana: URL | null;
  /** OTLP/HTTP endpoint; `/v1/traces` is added where it has no path. */
  readonly otlp: URL | null;
}

export interface TelemetryDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly fetch: typeof fetch;
  /** Longest time one post may take, ms. */
  readonly timeoutMs: number;
}

/** A post's answer is read so far for the warning. */
const SAID_MAX = 200;

/**
 * Sends a run's telemetry and returns what went wrong, one sentence each. Never rejects: telemetry that cannot be
 * delivered says nothing about the deploy. Secrets come from the environment alone and are not in any message:
 * ROLLPROOF_GRAFANA_TOKEN, and OTEL_EXPORTER_OTLP_HEADERS as OpenTelemetry defines it (`name=value,…`, URL-encoded).
 */
export async function deliverTelemetry(
  result: RunResult,
  targets: TelemetryTargets,
  deps: TelemetryDeps,
): Promise<readonly string[]> {
  const sent = await Promise.all([
    targets.grafana === null ? null : toGrafana(result, targets.grafana, deps),
    targets.otlp === null ? null : toOtlp(result, targets.otlp, deps),
  ]);
  return sent.filter((problem) => problem !== null);
}

/** One post per region, in their order; the first that fails is the last. */
async function toGrafana(result: RunResult, base: URL, deps: TelemetryDeps): Promise<string | null> {
  const token = deps.env.ROLLPROOF_GRAFANA_TOKEN ?? '';
  const url = new URL(`${base.pathname.replace(/\/$/, '')}/api/annotations`, base);
  const annotations = grafanaAnnotations(result);
  for (const [done, annotation] of annotations.entries()) {
    const headers: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` };
    const problem = await post(url, annotation, headers, deps);
    if (problem !== null) return `Grafana: ${problem}; ${done} of ${annotations.length} annotations were sent`;
  }
  return null;
}

async function toOtlp(result: RunResult, given: URL, deps: TelemetryDeps): Promise<string | null> {
  const url = given.pathname === '/' ? new URL('/v1/traces', given) : given;
  const headers = otlpHeaders(deps.env.OTEL_EXPORTER_OTLP_HEADERS ?? '');
  if (headers === null) return 'OTLP: OTEL_EXPORTER_OTLP_HEADERS is not name=value,… (URL-encoded); nothing was sent';
  const problem = await post(url, otlpSpans(result), headers, deps);
  return problem === null ? null : `OTLP: ${problem}`;
}

/** Null when the text is not of the form `name=value,…`. */
export function otlpHeaders(text: string): Record<string, string> | null {
  const headers: Record<string, string> = {};
  for (const pair of text.split(',').filter((part) => part.trim() !== '')) {
    const at = pair.indexOf('=');
    if (at < 1) return null;
    try {
      headers[decodeURIComponent(pair.slice(0, at).trim())] = decodeURIComponent(pair.slice(at + 1).trim());
    } catch (notEncoded) {
      void notEncoded;
      return null;
    }
  }
  return headers;
}

/** Null when it was taken, else why not. A redirect is not followed: it would carry the token elsewhere. */
async function post(
  url: URL,
  body: object,
  headers: Readonly<Record<string, string>>,
  { fetch, timeoutMs }: TelemetryDeps,
): Promise<string | null> {
  const place = `${url.protocol}//${url.host}${url.pathname}`;
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const said = (await answer.text()).slice(0, SAID_MAX);
    return answer.ok ? rejectedSpans(said) : `${place} answered ${answer.status}: ${said}`;
  } catch (cause) {
    const { message, cause: inner } = cause as Error;
    return `${place}: ${inner instanceof Error ? inner.message : message}`;
  }
}

/** An OTLP receiver may take a request and refuse some of it (`partialSuccess`). */
function rejectedSpans(said: string): string | null {
  const refused = /"rejectedSpans"\s*:\s*"?([1-9]\d*)/.exec(said);
  return refused === null ? null : `${refused[1]} spans were refused: ${said}`;
}
