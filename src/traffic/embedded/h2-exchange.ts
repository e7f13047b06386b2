import type { ClientHttp2Stream } from 'node:http2';
import type { Instant } from '../../domain/time.js';
import { advance } from './body-check.js';
import type { Row } from './columns.js';
import type { ClientRequest, Linked } from './connection.js';
import type { H2Session } from './h2-session.js';
import type { HeadFormat } from './response-head.js';

/** Statuses without a body whatever the head announces. */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

/** One arrival of lane h2 and what came of it. */
export class H2Exchange implements Linked<H2Exchange> {
  readonly seq: number;
  readonly lane: number;
  readonly scheduledAt: Instant;
  /** When the client took it; its timeout counts from here, also while it waits for a connection. */
  readonly firedAt: Instant;
  readonly kind: number;
  readonly request: ClientRequest;
  sentAt: Instant;
  connectedAt: Instant = Number.NaN;
  firstByteAt: Instant = Number.NaN;
  /** Null until an address is known, and when it never was. */
  session: H2Session | null = null;
  stream: ClientHttp2Stream | null = null;
  /** Its place among the requests put on its connection, from 1; 0 = that was never connected. */
  use = 0;
  /** END_STREAM came. */
  isWhole = false;
  /** Its row is written; whatever comes later is nobody's. */
  isEnded = false;
  /** Node's code for what went wrong with the stream. */
  error: string | null = null;
  /** Its head never left: HTTP/2's own state forbade it, a GOAWAY for instance that was read a moment before. */
  isUnsent = false;

  status = 0;
  server = 0;
  target = 0;
  version = 0;
  bootId = 0;
  bodyBytes = 0;
  #announced = -1;
  #matched = 0;

  older: H2Exchange | null = null;
  newer: H2Exchange | null = null;

  constructor(
    arrival: { readonly seq: number; readonly lane: number; readonly scheduledAt: Instant },
    kind: number,
    request: ClientRequest,
    now: Instant,
  ) {
    this.seq = arrival.seq;
    this.lane = arrival.lane;
    this.scheduledAt = arrival.scheduledAt;
    this.kind = kind;
    this.request = request;
    this.firedAt = now;
    this.sentAt = now;
  }

  /** Nothing of it was sent: it begins anew. */
  begin(now: Instant): void {
    this.sentAt = now;
    this.connectedAt = Number.NaN;
    this.session = null;
    this.stream = null;
    this.use = 0;
    this.error = null;
    this.isUnsent = false;
  }

  /** The response head, as names and values in turn; of a header that comes twice the first one counts. */
  head(raw: readonly string[], { dictionaries: d, identity }: Pick<HeadFormat, 'dictionaries' | 'identity'>): void {
    const [target, version] = [identity.target.toLowerCase(), identity.version.toLowerCase()];
    const bootId = identity.bootId?.toLowerCase() ?? null;
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const name = raw[i]!;
      const value = raw[i + 1]!;
      if (name === ':status') this.status = Number(value);
      else if (name === 'content-length' && /^\d{1,15}$/.test(value)) this.#announced = Number(value);
      else if (name === 'server') this.server ||= d.server.codeOfText(value);
      // No `else`: two names may be one header.
      if (name === target) this.target ||= d.target.codeOfText(value);
      if (name === version) this.version ||= d.version.codeOfText(value);
      if (name === bootId) this.bootId ||= d.bootId.codeOfText(value);
    }
  }

  body(bytes: Uint8Array): void {
    this.bodyBytes += bytes.length;
    const check = this.request.body;
    if (check !== null) this.#matched = advance(check, this.#matched, bytes, 0, bytes.length);
  }

  /** Body bytes that are missing of those announced, below 0 = too many; 0 where nothing was announced. */
  get missing(): number {
    if (this.#announced < 0 || this.request.headOnly || BODILESS.has(this.status)) return 0;
    return this.#announced - this.bodyBytes;
  }

  /** Its row; `isWhole` = a whole answer was read. */
  fill(row: Row, endedAt: Instant, isWhole: boolean): void {
    const check = this.request.body;
    row.seq = this.seq;
    row.lane = this.lane;
    row.scheduledAt = this.scheduledAt;
    row.sentAt = this.sentAt;
    row.connectedAt = this.connectedAt;
    row.firstByteAt = this.firstByteAt;
    row.endedAt = endedAt;
    row.status = this.status;
    // HTTP/2 has no reason phrase.
    row.statusText = 0;
    row.server = this.server;
    row.bodyBytes = this.bodyBytes;
    row.bodyOk = check === null || !isWhole ? 2 : Number(this.#matched === check.text.length);
    row.target = this.target;
    row.version = this.version;
    row.bootId = this.bootId;
    row.remoteIp = this.session?.remoteIp ?? 0;
    row.localPort = this.session?.localPort ?? 0;
    row.connectionId = this.session?.id ?? 0;
    row.connectionUse = this.use;
    row.request = this.request.code;
  }
}
