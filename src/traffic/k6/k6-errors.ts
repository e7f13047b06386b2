import type { ErrorPhase } from '../../domain/sample.js';

/** What k6 says of a failed request, as our samples hold it. */
export interface K6Error {
  /** `k6:NNNN`, with the message where the number alone does not tell; null = a whole response was read. */
  readonly error: string | null;
  readonly phase: ErrorPhase;
}

const NONE: K6Error = { error: null, phase: 'none' };
/** The general code hides a dropped connection; only these words tell it from anything else. */
const DROPPED = /unexpected EOF|EOF|server closed idle connection/;

/**
 * k6's numbers (lib/netext/httpext/error_codes.go). 1400 to 1599 only repeat an HTTP status, so they are no error.
 * The message may hold addresses and ports: it is kept only as far as it is one of a few known words.
 */
export function k6Error(code: number, message: string): K6Error {
  if (code === 0 || (code >= 1400 && code < 1600)) return NONE;
  if (code === 1000) {
    const words = DROPPED.exec(message)?.[0] ?? null;
    if (words === null) return { error: 'k6:1000', phase: 'headers' };
    return { error: `k6:1000 ${words}`, phase: words === 'unexpected EOF' ? 'body' : 'headers' };
  }
  return { error: `k6:${code}`, phase: phaseOf(code) };
}

function phaseOf(code: number): ErrorPhase {
  if (code >= 1100 && code < 1110) return 'dns';
  if (code >= 1210 && code < 1214) return 'connect';
  if (code >= 1300 && code < 1400) return 'tls';
  if (code === 1201) return 'send';
  return 'headers';
}
