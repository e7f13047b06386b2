import type { AccessFacts } from './access-line.js';
import type { Backend } from './backend.js';
import type { Accepted } from './listener.js';
import type { NodeClock } from './node-clock.js';
import type { RequestHead } from './request-head.js';

/** What entries need of their node. */
export interface EntryHost {
  readonly clock: NodeClock;
  readonly balancer: string;
  readonly listener: AccessFacts['listener'];
  /** `host:port` of the listener. */
  readonly authority: string;
  /** The status a client that left before its answer is logged with; an ALB has 460 for it. */
  readonly clientLeftStatus: number | null;
  write(facts: AccessFacts): void;
}

/** Times and sizes of one request or flow while it runs. Exists only when an access log is asked for. */
abstract class Entry {
  protected readonly host: EntryHost;
  protected readonly client: Accepted;
  protected readonly arrivedAt: Date;
  protected readonly arrivedMs: number;
  protected target: string | null = null;
  protected dispatchedMs: number | null = null;
  protected receivedBody = 0;
  #over = false;

  constructor(host: EntryHost, client: Accepted) {
    this.host = host;
    this.client = client;
    this.arrivedAt = host.clock.wallTime();
    this.arrivedMs = host.clock.now();
  }

  connected(backend: Pick<Backend, 'host' | 'port'>): void {
    this.target = `${backend.host}:${backend.port}`;
    this.dispatchedMs = this.host.clock.now();
  }

  received(bytes: number): void {
    this.receivedBody += bytes;
  }

  /** Writes the line; once. */
  over(): void {
    if (this.#over) return;
    this.#over = true;
    const { tls } = this.client;
    this.host.write({
      listener: this.host.listener,
      balancer: this.host.balancer,
      arrivedAt: this.arrivedAt,
      endedAt: this.host.clock.wallTime(),
      client: `${this.client.address}:${this.client.port}`,
      target: this.target,
      receivedBodyBytes: this.receivedBody,
      cipher: tls?.cipher ?? null,
      protocol: tls?.protocol ?? null,
      ...this.outcome(),
    });
  }

  protected abstract outcome(): Omit<
    AccessFacts,
    | 'listener'
    | 'balancer'
    | 'arrivedAt'
    | 'endedAt'
    | 'client'
    | 'target'
    | 'receivedBodyBytes'
    | 'cipher'
    | 'protocol'
  >;
}

/** The entry of one HTTP request. */
export class RequestEntry extends Entry {
  #request: NonNullable<AccessFacts['request']> = { method: '-', url: '-', version: '-' };
  #userAgent = '';
  readonly #receivedHead: number;
  #status: number | null = null;
  #targetStatus: number | null = null;
  #answeredMs: number | null = null;
  #sentHead = 0;
  #sentBody = 0;

  /** `text` is the head as it goes to the target: its request line and fields are the client's. Null = unreadable. */
  constructor(host: EntryHost, client: Accepted, head: RequestHead | null, text: string, headBytes: number) {
    super(host, client);
    this.#receivedHead = headBytes;
    if (head === null) return;
    const target = text.slice(head.method.length + 1, text.indexOf(' HTTP/1.1\r\n'));
    const scheme = host.listener === 'https' ? 'https' : 'http';
    const authority = field(text, 'host') || host.authority;
    const url = target.startsWith('/') ? `${scheme}://${withPort(authority, host.authority)}${target}` : target;
    this.#request = { method: head.method, url, version: `HTTP/1.${head.minorVersion}` };
    this.#userAgent = field(text, 'user-agent');
  }

  /** Bytes of the target's answer on their way to the client; the first ones hold the whole head. */
  answered(data: string | Buffer): void {
    if (this.#answeredMs !== null) {
      this.#sentBody += data.length;
      return;
    }
    this.#answeredMs = this.host.clock.now();
    const text = typeof data === 'string' ? data : data.toString('latin1');
    this.#status = Number(text.slice(9, 12));
    this.#targetStatus = this.#status;
    this.#sentHead = text.indexOf('\r\n\r\n') + 4;
    this.#sentBody = text.length - this.#sentHead;
  }

  /** The load balancer's own reply. */
  replied(text: string): void {
    this.#status = Number(text.slice(9, 12));
    this.#sentHead = text.indexOf('\r\n\r\n') + 4;
    this.#sentBody = text.length - this.#sentHead;
    this.over();
  }

  protected outcome() {
    const { arrivedMs, dispatchedMs } = this;
    const answeredMs = this.#answeredMs;
    const through = dispatchedMs !== null && answeredMs !== null;
    return {
      requestMs: through ? dispatchedMs - arrivedMs : null,
      targetMs: through ? answeredMs - dispatchedMs : null,
      // The head goes on in the callback that read it.
      responseMs: through ? 0 : null,
      status: this.#status ?? this.host.clientLeftStatus,
      targetStatus: this.#targetStatus,
      receivedHeadBytes: this.#receivedHead,
      sentHeadBytes: this.#sentHead,
      sentBodyBytes: this.#sentBody,
      request: this.#request,
      userAgent: this.#userAgent,
    };
  }
}

/** The entry of one TCP connection. */
export class FlowEntry extends Entry {
  #sent = 0;
  #answeredMs: number | null = null;

  sent(bytes: number): void {
    this.#sent += bytes;
    this.#answeredMs ??= this.host.clock.now();
  }

  protected outcome() {
    const { arrivedMs, dispatchedMs } = this;
    return {
      requestMs: dispatchedMs === null ? null : dispatchedMs - arrivedMs,
      targetMs: dispatchedMs === null ? null : (this.#answeredMs ?? dispatchedMs) - dispatchedMs,
      responseMs: dispatchedMs === null ? null : 0,
      status: null,
      targetStatus: null,
      receivedHeadBytes: 0,
      sentHeadBytes: 0,
      sentBodyBytes: this.#sent,
      request: null,
      userAgent: '',
    };
  }
}

/** The value of a field of a head; empty when there is none. */
function field(text: string, name: string): string {
  return new RegExp(`\\r\\n${name}:[ \\t]*([^\\r]*)`, 'i').exec(text)?.[1]?.trim() ?? '';
}

/** AWS logs the port always; a Host without one was on the listener's. */
function withPort(authority: string, listener: string): string {
  return /:\d+$/.test(authority) ? authority : `${authority}:${listener.slice(listener.lastIndexOf(':') + 1)}`;
}
