import type { EntryHost } from './access-entry.js';
import type { ClientConnection } from './client-connection.js';
import type { Routed } from './exchange.js';
import type { NodeClock } from './node-clock.js';
import type { ReplyText } from './replies.js';

/** What a client connection needs of its node. */
export interface ClientHost {
  readonly clock: NodeClock;
  readonly flavour: 'clb' | 'alb' | 'nlb';
  readonly idleTimeoutMs: number;
  /** `host:port` of the listener, for HTTP/1.0 requests without Host. */
  readonly authority: string;
  /** The X-Forwarded lines after X-Forwarded-For, from its line end to the head's blank line. */
  readonly forwardedTail: string;
  readonly reply: ReplyText;
  /** Null = no access log is kept. */
  readonly entries: EntryHost | null;
  route(routed: Routed): void;
  /** It ended while it was waiting for a backend. */
  forget(routed: Routed): void;
  clientGone(client: ClientConnection): void;
}
