import { connect } from 'node:net';
import { MALFORMED, NEED_MORE } from './header-fields.js';
import type { NodeClock } from './node-clock.js';
import { ResponseHead } from './response-head.js';

/** Where and how one health check is made. */
export interface HealthProbe {
  readonly kind: 'http' | 'tcp';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly timeoutMs: number;
  /** `ELB-HealthChecker/1.0` for a Classic ELB, `/2.0` for an ALB. */
  readonly userAgent: string;
}

/** A check under way: its result, and a way to give it up (it then resolves false). */
export interface RunningCheck {
  readonly passed: Promise<boolean>;
  stop(): void;
}

/**
 * One check on a connection of its own: TCP passes when it opens, HTTP only on status 200 within the timeout. Never
 * rejects: every kind of failure is just a failed check.
 */
export function startCheck(probe: HealthProbe, clock: NodeClock): RunningCheck {
  const socket = connect({ host: probe.host, port: probe.port, noDelay: true });
  const { promise, settle } = settled(() => {
    timer.cancel();
    // FIN first, so a server that is still writing its body is not reset.
    socket.end();
    clock.after(probe.timeoutMs, () => socket.destroy());
  });
  const timer = clock.after(probe.timeoutMs, () => {
    settle(false);
    socket.destroy();
  });
  const head = new ResponseHead();
  let seen: Buffer = Buffer.alloc(0);
  socket.on('connect', () => {
    if (probe.kind === 'tcp') settle(true);
    else {
      const host = probe.host.includes(':') ? `[${probe.host}]` : probe.host;
      socket.write(
        `GET ${probe.path} HTTP/1.1\r\nHost: ${host}:${probe.port}\r\nUser-Agent: ${probe.userAgent}\r\n` +
          'Accept: */*\r\nConnection: close\r\n\r\n',
        'latin1',
      );
    }
  });
  let decided = probe.kind === 'tcp';
  socket.on('data', (chunk: Buffer) => {
    if (decided) return;
    seen = Buffer.concat([seen, chunk]);
    const length = head.scan(seen, 0, seen.length);
    if (length === NEED_MORE) return;
    decided = true;
    settle(length !== MALFORMED && head.status === 200);
  });
  socket.on('end', () => settle(false));
  socket.on('error', () => settle(false));
  socket.on('close', () => settle(false));
  return {
    passed: promise,
    stop() {
      settle(false);
      socket.destroy();
    },
  };
}

function settled(after: () => void): { promise: Promise<boolean>; settle: (value: boolean) => void } {
  let done = false;
  let resolve: (value: boolean) => void = () => undefined;
  const promise = new Promise<boolean>((fulfil) => {
    resolve = fulfil;
  });
  return {
    promise,
    settle(value) {
      if (done) return;
      done = true;
      resolve(value);
      after();
    },
  };
}
