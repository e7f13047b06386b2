import { createServer, type Socket } from 'node:net';
import type { SelfTestFault } from '../domain/self-test.js';

/** A server on loopback that breaks requests in a known way and counts those it broke. */
export interface FaultyPeer {
  readonly port: number;
  /** What it does from now on; null = it answers well. `refused` closes the port for good. */
  become(fault: SelfTestFault | null): Promise<void>;
  /** Resolves when the first request has come. */
  readonly firstRequest: Promise<void>;
  /** Requests each fault was done to so far. */
  readonly injected: Readonly<Record<SelfTestFault, number>>;
  /** Requests that came more often than once, by the number they carry: each further time counts. */
  readonly resent: number;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const HEAD = 'HTTP/1.1 200 OK\r\nX-Target: self-test\r\nX-Version: 1\r\n';
const OK = `${HEAD}Content-Length: 2\r\n\r\nok`;
/** Two ways to promise more than comes. */
const CUT = [
  `${HEAD}Content-Length: 64\r\n\r\nhalf a body`,
  `${HEAD}Transfer-Encoding: chunked\r\n\r\n40\r\nhalf a chunk`,
];

/** @param slowMs how late a slow answer comes. Rejects when no port can be had. */
export async function faultyPeer(slowMs: number): Promise<FaultyPeer> {
  const injected: Record<SelfTestFault, number> = {
    'dropped-fin': 0,
    'dropped-rst': 0,
    truncated: 0,
    slow: 0,
    hung: 0,
    refused: 0,
  };
  const sockets = new Set<Socket>();
  const numbers = new Set<string>();
  let mode: SelfTestFault | null = null;
  let requests = 0;
  let resent = 0;
  let begun: () => void;
  const firstRequest = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    eachRequest(socket, (head, use) => {
      begun();
      // What the embedded engine asks again after a failure is outside its statistics, so outside the comparison too.
      if (/^x-rollproof-again:/im.test(head)) return answerWell(socket, head);
      const number = /^x-rollproof-seq: *(\S+)/im.exec(head)?.[1];
      if (number !== undefined && numbers.has(number)) resent++;
      if (number !== undefined) numbers.add(number);
      if (mode !== null && isMeant(mode, use, ++requests)) {
        injected[mode]++;
        answerBadly(socket, mode, injected[mode], head, slowMs);
      } else answerWell(socket, head);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HOST, resolve);
  });
  const { port } = server.address() as { port: number };
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return {
    port,
    firstRequest,
    injected,
    get resent() {
      return resent;
    },
    async become(fault) {
      mode = fault;
      if (fault === 'refused') await close();
    },
    close,
  };
}

/** A dropped request needs a connection that has served one before; of the others every second, so that good ones stand between. */
function isMeant(fault: SelfTestFault, use: number, request: number): boolean {
  return fault === 'dropped-fin' || fault === 'dropped-rst' ? use % 2 === 0 : request % 2 === 0;
}

function answerBadly(socket: Socket, fault: SelfTestFault, count: number, head: string, slowMs: number): void {
  if (fault === 'dropped-fin') socket.end();
  else if (fault === 'dropped-rst') socket.resetAndDestroy();
  else if (fault === 'truncated') socket.end(CUT[count % CUT.length] ?? OK, 'latin1');
  else if (fault === 'slow') setTimeout(() => answerWell(socket, head), slowMs);
}

function answerWell(socket: Socket, head: string): void {
  if (socket.destroyed) return;
  if (/^connection: *close/im.test(head)) socket.end(OK, 'latin1');
  else socket.write(OK, 'latin1');
}

/** Heads of requests with a body of known length; `use` is 1 for the first on its connection. */
function eachRequest(socket: Socket, take: (head: string, use: number) => void): void {
  let text = '';
  let use = 0;
  socket.on('data', (data: Buffer) => {
    text += data.toString('latin1');
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const head = text.slice(0, end);
      const whole = end + 4 + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      if (text.length < whole) return;
      text = text.slice(whole);
      take(head, ++use);
    }
  });
}
