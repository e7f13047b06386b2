import type { ErrorPhase } from '../../domain/sample.js';

/** What a JMeter sample came back with. */
export interface JmeterOutcome {
  /** 0 = no response. */
  readonly status: number;
  /** A Java class name, or null when a response was read. */
  readonly error: string | null;
  readonly phase: ErrorPhase;
}

const EXCEPTION = /\b((?:[a-z_][\w]*\.)+[A-Z]\w*)\s*$/;

/**
 * A JTL's responseCode and responseMessage. Without a response the code reads `Non HTTP response code: <Java class>`; of
 * the message only what tells a refused connection from a timed-out one matters, for it holds addresses and ports.
 */
export function jmeterError(code: string, message: string): JmeterOutcome {
  if (/^\d{3}$/.test(code)) return { status: Number(code), error: null, phase: 'none' };
  const name = EXCEPTION.exec(code)?.[1] ?? null;
  if (name === null) return { status: 0, error: 'org.apache.jmeter.UnknownException', phase: 'headers' };
  return { status: 0, error: named(name, message), phase: phaseOf(name, message) };
}

/** Java calls every failed connect a ConnectException; the words say whether it was refused. */
function named(name: string, message: string): string {
  if (/ConnectException$/.test(name) && /timed out/i.test(message)) return 'java.net.SocketTimeoutException';
  if (/SocketException$/.test(name) && /too many open files/i.test(message)) return 'java.net.BindException';
  return name;
}

function phaseOf(name: string, message: string): ErrorPhase {
  if (/UnknownHost/.test(name)) return 'dns';
  if (/SSL|Certificate/.test(name)) return 'tls';
  if (/ConnectException|ConnectTimeout|NoRouteToHost|HttpHostConnect|BindException/.test(name)) return 'connect';
  if (/TruncatedChunk|ConnectionClosed|MalformedChunk/.test(name) || /premature end/i.test(message)) return 'body';
  return 'headers';
}
