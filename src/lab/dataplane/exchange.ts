import type { Backend } from './backend.js';
import type { BackendConnection } from './backend-connection.js';
import type { ReplyCause } from './replies.js';

/** What the router finds a backend for: an HTTP request, or a TCP connection. */
export interface Routed {
  /** Backends that could not be connected to for it; null = none yet. */
  tried: Backend[] | null;
  /** The client's address and port as one text: what an NLB chooses by. */
  readonly flow: string;
  /** Goes to this backend. */
  carriedBy(backend: Backend): void;
  /** The load balancer answers by itself; no backend is involved any more. */
  refuse(cause: ReplyCause): void;
}

/**
 * One request on its way to a backend and back, as the router and a backend connection see it; implemented by the
 * client connection, which lives through many exchanges, one at a time. Exactly one of `refuse`, `responseEnded` and
 * `backendFailed` ends an exchange.
 */
export interface Exchange extends Routed {
  readonly headRequest: boolean;
  /** HTTP/1.0 clients get no chunked bodies and no interim responses. */
  readonly minorVersion: number;
  /** Every byte of the request has been handed to the backend connection. */
  readonly requestSent: boolean;
  /** A connection is being opened for this exchange; it may be abandoned meanwhile. */
  assigned(connection: BackendConnection): void;
  /** The backend connection is open: write the request. Never called twice: a written request is never repeated. */
  connected(connection: BackendConnection): void;
  /** The Connection line and blank line that end the response head. `delimited` = the end is told by framing. */
  connectionLine(delimited: boolean): string;
  /** Response bytes for the client; latin1 when text. False = the client is slow, stop reading. */
  respond(data: string | Buffer): boolean;
  /** A 1xx head on its way to the response; it does not begin the response. */
  interim(text: string): void;
  responseEnded(): void;
  /** The connection is gone or useless. The client gets a reply when no byte was sent to it, else a cut connection. */
  backendFailed(cause: ReplyCause): void;
}
