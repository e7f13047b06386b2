/** What one application server is told through ROLLPROOF_LAB_APP. Times in ms; `errorRate` is a share from 0 to 1. */
export interface AppConfig {
  readonly target: string;
  readonly version: string;
  readonly bootId: string;
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** From the start of the process to the open port. */
  readonly startupDelayMs: number;
  /** From the open port to the first useful answer. */
  readonly readyLagMs: number;
  /** `/health` says 200 before the application is ready. It does not cover up `broken`. */
  readonly healthLies: boolean;
  /** An idle connection is closed after this; 0 = never. */
  readonly keepAliveMs: number;
  /** A connection without a whole request head is answered 408 after this, one without a byte too; 0 = never. */
  readonly headersTimeoutMs: number;
  /** On SIGTERM requests under way get this long; 0 = everything is cut at once. */
  readonly graceMs: number;
  readonly ignoreSigterm: boolean;
  /** On SIGTERM idle connections are left to their other side, and waited for. */
  readonly stopKeepsIdle: boolean;
  /** Added to every answer but `/health` and `/audit`. */
  readonly latencyMs: number;
  readonly errorRate: number;
  /** Name of the header that tells the version; `none` = it is not told. */
  readonly versionHeader: string;
  /** `/health` 503 and everything else 500, for ever. */
  readonly broken: boolean;
  /** A broken one ends this long after its port is open; 0 = it stays. */
  readonly crashAfterMs: number;
  readonly seed: number;
}

const TEXTS = ['target', 'version', 'bootId', 'host'] as const;
const DURATIONS = [
  'startupDelayMs',
  'readyLagMs',
  'keepAliveMs',
  'headersTimeoutMs',
  'graceMs',
  'latencyMs',
  'crashAfterMs',
] as const;
const SWITCHES = ['healthLies', 'ignoreSigterm', 'stopKeepsIdle', 'broken'] as const;
/** setTimeout counts in 31 bits. */
const MAX_DURATION_MS = 2 ** 31 - 1;

/** Reads the configuration; throws with every problem named. The texts become response headers, so they are checked. */
export function parseAppConfig(json: string | undefined): AppConfig {
  if (json === undefined || json === '') throw new Error('ROLLPROOF_LAB_APP is not set');
  let raw: unknown;
  try {
    raw = JSON.parse(json);
  } catch (cause) {
    throw new Error('ROLLPROOF_LAB_APP is not JSON', { cause });
  }
  if (typeof raw !== 'object' || raw === null) throw new Error('ROLLPROOF_LAB_APP is not an object');
  const value = raw as Record<string, unknown>;
  const problems: string[] = [];
  const need = (ok: boolean, name: string, what: string) => {
    if (!ok) problems.push(`${name} must be ${what}`);
  };
  for (const name of TEXTS) {
    const text = value[name];
    need(typeof text === 'string' && /^[\x20-\x7e]{1,200}$/.test(text), name, 'printable ASCII of 1 to 200 characters');
  }
  for (const name of DURATIONS) need(isBetween(value[name], 0, MAX_DURATION_MS), name, 'milliseconds, 0 or more');
  for (const name of SWITCHES) need(typeof value[name] === 'boolean', name, 'true or false');
  need(Number.isInteger(value.port) && isBetween(value.port, 0, 65_535), 'port', 'a port number');
  need(isBetween(value.errorRate, 0, 1), 'errorRate', 'between 0 and 1');
  need(/^[A-Za-z0-9-]{1,64}$/.test(String(value.versionHeader ?? '')), 'versionHeader', 'a header name or none');
  need(Number.isInteger(value.seed), 'seed', 'a whole number');
  if (problems.length > 0) throw new Error(`ROLLPROOF_LAB_APP: ${problems.join('; ')}`);
  return raw as AppConfig;
}

function isBetween(value: unknown, from: number, to: number): boolean {
  return typeof value === 'number' && value >= from && value <= to;
}
