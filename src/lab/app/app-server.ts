import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import type { AppConfig } from './app-config.js';
import { RequestAudit } from './request-audit.js';
import { seededRandom } from './seeded-random.js';

const MAX_HOLD_MS = 60_000;
const MAX_RUN_CHARS = 200;
const MAX_SEQ_CHARS = 20;

/** A running application server, without any process around it. */
export interface AppServer {
  listen(): Promise<number>;
  becomeReady(): void;
  /**
   * Closes the listener at once; resolves when every request under way is answered. Idle connections are closed, or
   * waited for with `stopKeepsIdle`.
   */
  finish(): Promise<void>;
  /** Cuts every connection. */
  destroy(): void;
}

/** Told of every request of a run, with its number as it came. */
export type OnRequest = (run: string, seq: string | null) => void;

/** Builds the application of the lab: a few routes that say who answered, and behave as badly as configured. */
export function createAppServer(config: AppConfig, onRequest: OnRequest = () => undefined): AppServer {
  return new LabApp(config, onRequest);
}

class LabApp implements AppServer {
  readonly #config: AppConfig;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #audit = new RequestAudit();
  readonly #onRequest: OnRequest;
  readonly #random: () => number;
  readonly #identity: readonly string[];
  readonly #idle = new WeakMap<Socket, NodeJS.Timeout>();
  #ready = false;
  #finishing = false;

  constructor(config: AppConfig, onRequest: OnRequest) {
    this.#config = config;
    this.#onRequest = onRequest;
    this.#random = seededRandom(config.seed);
    const version = config.versionHeader === 'none' ? [] : [config.versionHeader, config.version];
    this.#identity = ['X-Target', config.target, ...version, 'X-Boot-Id', config.bootId];
    this.#server = createServer(
      { keepAliveTimeout: config.keepAliveMs, noDelay: true, ...headTimeouts(config.headersTimeoutMs) },
      (request, response) => {
        this.#closeWhenIdle(request.socket, response);
        this.#serve(request, response);
      },
    );
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        clearTimeout(this.#idle.get(socket));
      });
      socket.on('error', () => socket.destroy());
    });
    this.#server.on('clientError', (_error, socket) => {
      if (!socket.writable) socket.destroy();
      else
        socket.end(
          `HTTP/1.1 400 Bad Request\r\n${this.#identityLines()}Content-Length: 0\r\nConnection: close\r\n\r\n`,
        );
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: this.#config.host, port: this.#config.port, backlog: 4_096 }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', () => undefined);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  becomeReady(): void {
    this.#ready = true;
  }

  finish(): Promise<void> {
    this.#finishing = true;
    return new Promise((resolve) => {
      // Node's own close of an HTTP server closes idle connections by itself since 19; that of a TCP server does not.
      if (this.#config.stopKeepsIdle) NetServer.prototype.close.call(this.#server, () => resolve());
      else {
        this.#server.close(() => resolve());
        this.#server.closeIdleConnections();
      }
    });
  }

  destroy(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Node itself closes a second late, since a keep-alive timeout of its own would meet the peer's requests too often. */
  #closeWhenIdle(socket: Socket, response: ServerResponse): void {
    clearTimeout(this.#idle.get(socket));
    const { keepAliveMs } = this.#config;
    if (keepAliveMs === 0) return;
    response.once('finish', () =>
      this.#idle.set(
        socket,
        setTimeout(() => socket.destroy(), keepAliveMs),
      ),
    );
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const path = (request.url ?? '/').split('?', 1)[0];
    if (path === '/health') this.#health(response);
    else if (path === '/audit') this.#answerAudit(request, response);
    else {
      const run = request.headers['x-rollproof-run'];
      const seq = request.headers['x-rollproof-seq'];
      if (typeof run === 'string') {
        const number = typeof seq === 'string' ? seq.slice(0, MAX_SEQ_CHARS) : undefined;
        this.#audit.record(run.slice(0, MAX_RUN_CHARS), number);
        this.#onRequest(run.slice(0, MAX_RUN_CHARS), number ?? null);
      }
      const holdMs = path === '/hold' ? holdOf(request.url ?? '') : 0;
      const waitMs = holdMs + this.#config.latencyMs;
      // Whether this request fails is drawn when it comes, so the sequence is the order of arrival.
      const fails = this.#config.errorRate > 0 && this.#random() < this.#config.errorRate;
      if (waitMs > 0) setTimeout(() => this.#answerOther(response, fails), waitMs);
      else this.#answerOther(response, fails);
    }
  }

  #health(response: ServerResponse): void {
    const { broken, healthLies } = this.#config;
    if (broken) this.#send(response, 503, 'broken\n');
    else if (this.#ready || healthLies) this.#send(response, 200, 'ok');
    else this.#send(response, 503, 'starting\n');
  }

  #answerOther(response: ServerResponse, fails: boolean): void {
    if (!this.#ready) this.#send(response, 503, 'starting\n');
    else if (this.#config.broken) this.#send(response, 500, 'broken\n');
    else if (fails) this.#send(response, 500, 'error\n');
    else this.#send(response, 200, 'ok\n');
  }

  /** For the operator on this machine only: never through a load balancer. */
  #answerAudit(request: IncomingMessage, response: ServerResponse): void {
    const local = isLoopback(request.socket.remoteAddress) && request.headers['x-forwarded-for'] === undefined;
    if (!local) this.#send(response, 403, 'forbidden\n');
    else this.#send(response, 200, `${JSON.stringify({ runs: this.#audit.runs() })}\n`, 'application/json');
  }

  #send(response: ServerResponse, status: number, body: string, type = 'text/plain'): void {
    if (response.destroyed || response.headersSent) return;
    const headers = [...this.#identity, 'Content-Type', type, 'Content-Length', String(Buffer.byteLength(body))];
    if (this.#finishing) headers.push('Connection', 'close');
    response.writeHead(status, headers);
    response.end(body);
  }

  #identityLines(): string {
    let lines = '';
    for (let i = 0; i < this.#identity.length; i += 2) lines += `${this.#identity[i]}: ${this.#identity[i + 1]}\r\n`;
    return lines;
  }
}

/** By default no 408 of Node's own to slow or pre-opened connections: it would be a fault nobody configured. */
function headTimeouts(headersTimeoutMs: number) {
  const checkMs = Math.max(10, Math.min(1_000, headersTimeoutMs / 4));
  return {
    requestTimeout: 0,
    headersTimeout: headersTimeoutMs,
    ...(headersTimeoutMs > 0 ? { connectionsCheckingInterval: checkMs } : {}),
  };
}

function holdOf(url: string): number {
  const ms = Number(/[?&]ms=(\d{1,9})(?:&|$)/.exec(url)?.[1] ?? '0');
  return Math.min(ms, MAX_HOLD_MS);
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(?:127\.|::1$|::ffff:127\.)/.test(address);
}
