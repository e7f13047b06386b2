import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { NodeClock } from './node-clock.js';

/** A certificate with its key, PEM. */
export interface ListenerCertificate {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A client connection as the node works with it: in the clear, or what came out of TLS. */
export interface Accepted {
  readonly socket: Socket;
  /** IPv4 without the IPv6 prefix; `unknown` when the client was gone already. */
  readonly address: string;
  readonly port: number;
  /** Names of the cipher and the protocol; null without TLS. */
  readonly tls: { readonly cipher: string; readonly protocol: string } | null;
  /** The connection ended by an error, a reset most often. */
  readonly broken: boolean;
  /** Cuts the connection with a TCP reset. */
  reset(): void;
}

/** Where and how one node listens. */
export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  /** Null = in the clear. */
  readonly certificate: ListenerCertificate | null;
  /** How long a TLS handshake may take. */
  readonly handshakeTimeoutMs: number;
  readonly clock: NodeClock;
  onConnection(accepted: Accepted): void;
}

/** A listening node. */
export interface Listener {
  readonly port: number;
  /** Stops listening and drops handshakes under way; accepted connections are their owner's. Safe to call again. */
  close(): Promise<void>;
}

/** Starts to listen; rejects when the address cannot be bound. Clients that fail the handshake are dropped silently. */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const { host, port, certificate } = options;
  const context =
    certificate === null ? null : createSecureContext({ cert: certificate.certPem, key: certificate.keyPem });
  const shaking = new Set<Socket>();
  const accept = (raw: Socket): void => {
    if (context === null) options.onConnection(acceptedPlain(raw));
    else {
      const secure = new TLSSocket(raw, { isServer: true, secureContext: context, allowHalfOpen: true } as object);
      shaking.add(raw);
      const timer = options.clock.after(options.handshakeTimeoutMs, () => raw.destroy());
      const done = (): void => {
        timer.cancel();
        shaking.delete(raw);
      };
      secure.on('error', () => secure.destroy());
      raw.on('error', () => raw.destroy());
      raw.once('close', done);
      secure.once('secure', () => {
        done();
        options.onConnection(new AcceptedSocket(secure, raw));
      });
    }
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 4_096 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // Accepting can fail later (no file descriptors left); the node goes on with the connections it has.
  server.on('error', () => undefined);
  return { port: portOf(server, port), close: () => closed(server, shaking) };
}

/** A connection in the clear. */
export function acceptedPlain(socket: Socket): Accepted {
  return new AcceptedSocket(socket, socket);
}

class AcceptedSocket implements Accepted {
  readonly socket: Socket;
  readonly address: string;
  readonly port: number;
  broken = false;
  readonly #raw: Socket;

  constructor(socket: Socket, raw: Socket) {
    this.socket = socket;
    this.#raw = raw;
    const remote = raw.remoteAddress ?? 'unknown';
    this.address = remote.startsWith('::ffff:') ? remote.slice(7) : remote;
    this.port = raw.remotePort ?? 0;
    raw.on('error', () => {
      this.broken = true;
    });
  }

  get tls(): Accepted['tls'] {
    if (!(this.socket instanceof TLSSocket)) return null;
    return { cipher: this.socket.getCipher()?.name ?? '-', protocol: this.socket.getProtocol() ?? '-' };
  }

  reset(): void {
    this.#raw.resetAndDestroy();
    if (this.socket !== this.#raw) this.socket.destroy();
  }
}

function portOf(server: Server, asked: number): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : asked;
}

function closed(server: Server, shaking: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    // Closed already is closed; its connections are waited for by whoever closed first.
    server.close(() => resolve());
    for (const socket of shaking) socket.destroy();
  });
}
