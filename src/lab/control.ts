import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { startLoopbackServer } from './loopback-server.js';
import { isVersion } from './options.js';
import { requestBody } from './request-body.js';
import type { DeployProgress } from './supervisor.js';

const MAX_BODY_BYTES = 64 * 1024;

/** What the control can do; the lab gives it. */
export interface ControlOptions {
  /** Who knows it may use the control. */
  readonly token: string;
  /** See Supervisor.deploy. */
  readonly deploy: (name: string, version: string, tell: (progress: DeployProgress) => void) => Promise<void>;
  /** The lab's ground truth, as JSON can carry it. */
  readonly state: () => unknown;
}

/** The running control. */
export interface Control {
  readonly url: string;
  close(): Promise<void>;
}

/** One line of the answer to `POST /deploy`; the last one is `done` or `error`. */
export type DeployLine =
  | {
      readonly kind: 'mark';
      readonly mark: { readonly what: string; readonly target: string; readonly monotonicNs: string };
    }
  | {
      readonly kind: 'stopped' | 'started';
      readonly target: string;
      readonly version: string;
      readonly pid: number | null;
    }
  | { readonly kind: 'done' }
  | { readonly kind: 'error'; readonly error: string };

/**
 * Serves `POST /deploy` ({target or instance, version}, answered line by line as it happens) and `GET /state` on
 * 127.0.0.1 to holders of the token (`Authorization: Bearer …`).
 */
export async function startControl(options: ControlOptions): Promise<Control> {
  const server = await startLoopbackServer(0, {
    onRequest: (request, response) => {
      serve(request, response, options).catch((cause) => {
        // The client left before its request was whole, or the lab failed: both end the connection.
        response.destroy(cause instanceof Error ? cause : undefined);
      });
    },
    onMalformed: (socket) => {
      socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, close: server.close };
}

async function serve(request: IncomingMessage, response: ServerResponse, options: ControlOptions): Promise<void> {
  if (!isAllowed(request, options.token)) {
    refuse(response, 401, 'the control token is missing or wrong');
  } else if (request.method === 'GET' && request.url === '/state') {
    json(response, 200, options.state());
  } else if (request.method === 'POST' && request.url === '/deploy') {
    await serveDeploy(request, response, options);
  } else {
    refuse(response, 404, 'use POST /deploy or GET /state');
  }
}

function isAllowed(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function serveDeploy(request: IncomingMessage, response: ServerResponse, options: ControlOptions): Promise<void> {
  const body = await requestBody(request, MAX_BODY_BYTES);
  const order = body === 'too-large' ? null : orderOf(body);
  if (order === null) {
    refuse(response, 400, 'the body must be JSON: {"target" or "instance", "version": printable ASCII}');
    return;
  }
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  // A deploy goes on without its client: half a deploy helps nobody.
  response.on('error', () => undefined);
  const write = (line: DeployLine): void => {
    if (!response.destroyed) response.write(`${JSON.stringify(line)}\n`);
  };
  try {
    await options.deploy(order.name, order.version, (progress) => write(lineOf(progress)));
    write({ kind: 'done' });
  } catch (cause) {
    write({ kind: 'error', error: cause instanceof Error ? cause.message : String(cause) });
  }
  response.end();
}

function lineOf(progress: DeployProgress): DeployLine {
  if (progress.kind !== 'mark') return progress;
  const { what, target, monotonicNs } = progress.mark;
  return { kind: 'mark', mark: { what, target, monotonicNs: monotonicNs.toString() } };
}

function orderOf(body: string): { readonly name: string; readonly version: string } | null {
  let order: unknown;
  try {
    order = JSON.parse(body);
  } catch (notJson) {
    void notJson;
    return null;
  }
  if (typeof order !== 'object' || order === null) return null;
  const { instance, target, version } = order as Record<string, unknown>;
  const name = instance ?? target;
  return typeof name === 'string' && name !== '' && isVersion(version) ? { name, version } : null;
}

function refuse(response: ServerResponse, status: number, error: string): void {
  json(response, status, { error });
}

function json(response: ServerResponse, status: number, value: unknown): void {
  // Connection: close, so that an unread request body is never taken for the next request.
  response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' });
  response.end(`${JSON.stringify(value)}\n`);
}
