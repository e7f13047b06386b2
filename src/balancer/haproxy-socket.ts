import { connect } from 'node:net';
import { RollproofError } from '../domain/errors.js';

/** Sends one command to HAProxy's runtime API and resolves with the whole answer. @throws RollproofError. */
export type AskHaproxy = (command: string, signal: AbortSignal) => Promise<string>;

/** Where the runtime API listens: a path, or a host and a port. */
export type HaproxyAddress = { readonly path: string } | { readonly host: string; readonly port: number };

const ANSWER_DEADLINE_MS = 5_000;
/** An answer this long is none of the few we ask for. */
const MAX_ANSWER_CHARS = 8_000_000;
/** The longest path a Unix socket can have on every system, its final zero not counted. */
const MAX_PATH_BYTES = 103;

/** `/run/haproxy.sock`, `host:port` or `[::1]:port`; null = it is neither. */
export function haproxyAddress(written: string): HaproxyAddress | null {
  if (written.startsWith('/')) return Buffer.byteLength(written) <= MAX_PATH_BYTES ? { path: written } : null;
  const [, bracketed, plain, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(written) ?? [];
  const port = Number(digits);
  const host = bracketed ?? plain;
  return host === undefined || port < 1 || port > 65_535 ? null : { host, port };
}

/** Asks over a connection per command: HAProxy ends it after its answer. */
export function askHaproxy(written: string): AskHaproxy {
  const address = haproxyAddress(written);
  if (address === null) throw new RollproofError('SCENARIO_INVALID', `${written} is no socket and no host:port`);
  return (command, signal) =>
    new Promise((resolve, reject) => {
      // A line feed would start a command of its own; names are checked long before, this is the last door.
      if (/[\r\n]/.test(command)) return reject(new RollproofError('INTERNAL', 'a command of more than one line'));
      const socket = connect(address);
      let answer = '';
      const fail = (cause: unknown): void => {
        socket.destroy();
        reject(socketError(cause, written));
      };
      const onAbort = (): void => fail(Object.assign(new Error('stopped'), { name: 'AbortError' }));
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      socket.setEncoding('utf8').setTimeout(ANSWER_DEADLINE_MS, () => {
        fail(new Error(`no answer within ${ANSWER_DEADLINE_MS / 1000} s`));
      });
      socket.on('connect', () => socket.write(`${command}\n`));
      socket.on('data', (chunk: string) => {
        answer += chunk;
        if (answer.length > MAX_ANSWER_CHARS) fail(new Error('its answer does not end'));
      });
      socket.on('end', () => resolve(answer));
      socket.on('error', fail);
      socket.on('close', () => {
        signal.removeEventListener('abort', onAbort);
        fail(new Error('it closed without an answer'));
      });
    });
}

function socketError(cause: unknown, written: string): RollproofError {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const line = "a line such as 'stats socket /run/haproxy/admin.sock mode 660 level admin' in its global section";
  if (code === 'EACCES' || code === 'EPERM')
    return new RollproofError('BALANCER_REFUSED', `this user may not use HAProxy's socket ${written} (${code})`, {
      hint: "run as a user of the socket's group, or change 'mode' and 'group' of the 'stats socket' line",
      cause,
    });
  if (code === 'ENOENT')
    return new RollproofError('BALANCER_UNREACHABLE', `there is no HAProxy socket at ${written}`, {
      hint: `is HAProxy running, and does its configuration have ${line}?`,
      cause,
    });
  return new RollproofError('BALANCER_UNREACHABLE', `could not ask HAProxy at ${written}: ${error.message}`, {
    hint: `is HAProxy running, and does its runtime API listen there (${line})?`,
    cause,
  });
}
