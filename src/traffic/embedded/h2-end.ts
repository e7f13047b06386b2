import { goawayCode, resetCode } from '../../domain/http2.js';
import { ENGINE_ERRORS } from '../../domain/sample.js';
import { PHASE } from './connection.js';
import type { H2Exchange } from './h2-exchange.js';
import type { H2Session } from './h2-session.js';

/** RFC 9113 §7. */
const PROTOCOL_ERROR = 1;
const REFUSED_STREAM = 7;
/**
 * Node's code for what nghttp2 could make no sense of. A body that is not as long as announced is of that kind: Node 20 resets its
 * stream with PROTOCOL_ERROR, Node 22 and later end the connection.
 */
const NOT_HTTP2 = 'ERR_HTTP2_ERROR';

/**
 * Why a request ended without a whole answer, and where it stood (code of `errorPhase`). The first that is known counts:
 * the peer's GOAWAY with an error, which ends every stream; bytes that are no HTTP/2; the socket's error; its end; a
 * GOAWAY without error that leaves the stream out; the stream's own reset.
 */
export function endOf(exchange: H2Exchange, session: H2Session): readonly [code: string, phase: number] {
  const { stream, isUnsent, status } = exchange;
  const { goaway, error, isClosed } = session;
  const phase =
    stream === null ? waitingPhase(session) : isUnsent ? PHASE.send : status > 0 ? PHASE.body : PHASE.headers;
  if (goaway !== null && (goaway.code !== 0 || stream === null)) return [goawayCode(goaway.code), phase];
  const isMalformed = status > 0 && exchange.missing !== 0;
  if (exchange.error === NOT_HTTP2 || error === NOT_HTTP2)
    return [isMalformed ? lengthCode(exchange) : ENGINE_ERRORS.protocol, phase];
  if (error !== null) return [error, phase];
  if (isClosed || stream === null)
    return [phase === PHASE.body ? ENGINE_ERRORS.truncated : ENGINE_ERRORS.closed, phase];
  const reset = stream.rstCode ?? 0;
  if (reset === REFUSED_STREAM && goaway !== null && (stream.id ?? 0) > goaway.lastStreamId)
    return [goawayCode(goaway.code), phase];
  if (reset === PROTOCOL_ERROR && isMalformed) return [lengthCode(exchange), phase];
  return [resetCode(reset), phase];
}

/**
 * nghttp2 has ended the connection over something the peer sent. It says so to the peer alone: all that is seen of it is
 * that it will not open another stream.
 */
export function isSilentlyOver({ isUnsent, stream }: H2Exchange, { goaway }: H2Session): boolean {
  return isUnsent && goaway === null && stream?.rstCode === REFUSED_STREAM;
}

/** A body that is not as long as its head said: cut short, or framed in a way nobody can trust. */
export function lengthCode({ missing }: H2Exchange): string {
  return missing > 0 ? ENGINE_ERRORS.truncated : ENGINE_ERRORS.protocol;
}

/** An open session that dies before the stream was opened kept it from being sent. */
function waitingPhase({ phase }: H2Session): number {
  return phase === PHASE.headers ? PHASE.send : phase;
}
