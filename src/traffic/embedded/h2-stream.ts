import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { Duplex } from 'node:stream';
import type { H2Exchange } from './h2-exchange.js';
import type { H2Message } from './h2-message.js';

/** What streams tell their client. Each call names the exchange it is about. */
export interface StreamEvents {
  /** A head with a 1xx status. */
  informed(exchange: H2Exchange): void;
  /** The head of the response, as names and values in turn. */
  responded(exchange: H2Exchange, head: readonly string[]): void;
  data(exchange: H2Exchange, bytes: Uint8Array): void;
  /** The peer ended the response as it should: END_STREAM came, and all before it was read. */
  finished(exchange: H2Exchange): void;
  /** The stream is gone, well or badly; nothing follows. */
  streamClosed(exchange: H2Exchange): void;
}

/** Opens a stream for an exchange; events follow, never before this returns. */
export type OpenStream = (http: ClientHttp2Session, exchange: H2Exchange, message: H2Message) => ClientHttp2Stream;

const OWNER: unique symbol = Symbol('exchange');
type OwnedStream = ClientHttp2Stream & { [OWNER]?: H2Exchange };
const HEADERS_FRAME = 1;

/**
 * Streams with one set of handlers for all of them. @throws what node:http2 says of a message it does not take.
 *
 * node:http2 ends a stream (`end`, without an error) also when RST_STREAM cuts it with NO_ERROR or CANCEL, or when the
 * connection goes, and does not say which it was. The difference: on END_STREAM it pushes the end of the data while the stream
 * is open; in all other cases it has marked the stream closed by then. So the push is watched; h2-client.test.ts holds
 * node:http2 to that with a peer that says each frame by itself.
 */
export function streamOpener(events: StreamEvents): OpenStream {
  const handlers = sharedHandlers(events);
  return (http, exchange, { headers, body }) => {
    const stream: OwnedStream = http.request(headers, { endStream: body === null });
    stream[OWNER] = exchange;
    stream.push = handlers.push;
    stream.on('headers', handlers.informed);
    stream.on('response', handlers.responded);
    stream.on('data', handlers.data);
    stream.on('end', handlers.ended);
    stream.on('error', handlers.failed);
    stream.on('frameError', handlers.frameFailed);
    stream.on('close', handlers.closed);
    if (body !== null) stream.end(body);
    return stream;
  };
}

function sharedHandlers(events: StreamEvents) {
  return {
    push(this: OwnedStream, chunk: unknown, encoding?: BufferEncoding): boolean {
      if (chunk === null && !this.closed) this[OWNER]!.isWhole = true;
      return Duplex.prototype.push.call(this, chunk, encoding);
    },
    informed(this: OwnedStream): void {
      events.informed(this[OWNER]!);
    },
    responded(this: OwnedStream, _headers: unknown, _flags: number, head: readonly string[]): void {
      events.responded(this[OWNER]!, head);
    },
    data(this: OwnedStream, bytes: Uint8Array): void {
      events.data(this[OWNER]!, bytes);
    },
    ended(this: OwnedStream): void {
      const exchange = this[OWNER]!;
      if (exchange.isWhole) events.finished(exchange);
    },
    failed(this: OwnedStream, error: NodeJS.ErrnoException): void {
      this[OWNER]!.error = error.code ?? error.name;
    },
    frameFailed(this: OwnedStream, type: number): void {
      if (type === HEADERS_FRAME) this[OWNER]!.isUnsent = true;
    },
    closed(this: OwnedStream): void {
      events.streamClosed(this[OWNER]!);
    },
  };
}
