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
  /** Statuses that pass, as inclusive ranges; absent = 200 only, as a Classic ELB has it. */
  readonly codes?: readonly (readonly [number, number])[];
  /** `ELB-HealthChecker/1.0` for a Classic ELB, `/2.0` for an ALB. */
  readonly userAgent: string;
}

/** Why a check did not pass: the status it got, no answer in time, or no (sound) answer at all. */
export type CheckFailure =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'failed' };

/** A check under way: its result, and a way to give it up (it then resolves false). */
export interface RunningCheck {
  readonly passed: Promise<boolean>;
  /** Null until it did not pass. */
  failure(): CheckFailure | null;
  stop(): void;
}

/**
 * One check on a connection of its own: TCP passes when it opens, HTTP only on status 200 within the timeout. Never
 * rejects: every kind of failure is just a failed check.
 */
export function startCheck(probe: HealthProbe, clock: NodeClock): RunningCheck {
  const socket = connect({ host: probe.host, port: probe.port, noDelay: true });
  let failure: CheckFailure | null = null;
  const { promise, settle } = settled(() => {
    timer.cancel();
    // FIN first, so a server that is still writing its body is not reset.
    socket.end();
    clock.after(probe.timeoutMs, () => socket.destroy());
  });
  const fail = (why: CheckFailure): void => {
    failure ??= why;
    settle(false);
  };
  const timer = clock.after(probe.timeoutMs, () => {
    fail({ kind: 'timeout' });
    socket.destroy();
  });
  const codes = probe.codes ?? [[200, 200]];
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
    if (length === MALFORMED) fail({ kind: 'failed' });
    else if (codes.some(([lo, hi]) => head.status >= lo && head.status <= hi)) settle(true);
    else fail({ kind: 'status', status: head.status });
  });
  for (const event of ['end', 'error', 'close']) socket.on(event, () => fail({ kind: 'failed' }));
  return {
    passed: promise,
    failure: () => failure,
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
