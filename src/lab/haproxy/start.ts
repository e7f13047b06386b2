import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeClock } from '../dataplane/node-clock.js';
import type { NodeView, NodeViewOptions } from '../dataplane/node-options.js';
import { askOver } from './admin-socket.js';
import { CONFIG_FILE, type HaproxyNode, haproxyFiles, SOCKET_FILE } from './config.js';
import { type GuardedHaproxy, startGuarded } from './guard.js';
import { type HaproxyProcess, HaproxyView } from './haproxy-view.js';
import { RuntimeApi } from './runtime-api.js';

/** What the views of one lab share. */
export interface HaproxyPlane {
  /** Path of the program. */
  readonly program: string;
  readonly clock: NodeClock;
  /** How many targets the lab has. */
  readonly targets: number;
  readonly killProcess: (pid: number) => void;
  /** HAProxy ended or did not do as told: there is no whole load balancer any more. */
  readonly onFatal: (cause: unknown) => void;
}

const START_DEADLINE_MS = 10_000;
const START_POLL_MS = 10;
const CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_TARGET_CONNS = 2_048;
/** The longest path a Unix socket can have on every system, its final zero not counted. */
const MAX_SOCKET_PATH = 103;

/**
 * Starts a node on a HAProxy process of its own. Rejects with the system's code when its address cannot be listened on
 * (`EADDRINUSE` and the like), else with what HAProxy said; nothing is left behind then.
 */
export async function startHaproxyView(options: NodeViewOptions, plane: HaproxyPlane): Promise<NodeView> {
  const { host, flavour, listener = 'http' } = options;
  if (flavour === 'nlb' || listener !== 'http') {
    throw new Error(`the HAProxy data plane serves http listeners only, not ${flavour === 'nlb' ? 'tcp' : listener}`);
  }
  if (options.accessLog !== undefined) throw new Error('the HAProxy data plane writes no access logs');
  const port = await freePort(host, options.port);
  const haproxy = await startProcess(
    {
      host,
      port,
      flavour,
      slots: plane.targets,
      connectRetries: options.connectRetries,
      connectTimeoutMs: Math.min(CONNECT_TIMEOUT_MS, options.idleTimeoutMs),
      idleTimeoutMs: options.idleTimeoutMs,
      maxConnsPerTarget: options.backendMaxConns ?? DEFAULT_TARGET_CONNS,
    },
    plane,
  );
  return new HaproxyView(options, haproxy, { clock: plane.clock, slots: plane.targets, onFatal: plane.onFatal });
}

/** HAProxy's own words on a bad address are not for programs, so the address is tried here first. */
function freePort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const found = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(found));
    });
  });
}

async function startProcess(node: HaproxyNode, plane: HaproxyPlane): Promise<HaproxyProcess> {
  const folder = privateFolder();
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    for (const [name, text] of haproxyFiles(node)) writeFileSync(join(folder, name), text, { mode: 0o600 });
    const running = startGuarded(plane.program, folder, CONFIG_FILE, plane.killProcess);
    const api = new RuntimeApi(askOver(join(folder, SOCKET_FILE)));
    const pid = await serving(running, api, plane.clock);
    let stopping = false;
    void running.exited.then((said) => {
      remove();
      if (!stopping) plane.onFatal(new Error(`HAProxy ended by itself: ${said === '' ? 'it said nothing' : said}`));
    });
    const stop = (): Promise<void> => {
      stopping = true;
      return running.kill().then(remove);
    };
    return { pid, host: node.host, port: node.port, api, stop };
  } catch (cause) {
    remove();
    throw cause;
  }
}

/** A folder for this user only. Its path never enters the configuration: HAProxy runs in it. */
function privateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rollproof-haproxy-'));
  chmodSync(folder, 0o700);
  const path = join(folder, SOCKET_FILE);
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return folder;
  rmSync(folder, { recursive: true, force: true });
  throw new Error(`the path of HAProxy's socket is too long (${path}): set TMPDIR to a shorter folder`);
}

/** Resolves with HAProxy's process id once its runtime API answers: its listener is open by then. */
async function serving(running: GuardedHaproxy, api: RuntimeApi, clock: NodeClock): Promise<number> {
  let said: string | null = null;
  const ended = running.exited.then((text) => {
    said = text;
  });
  const deadlineMs = clock.now() + START_DEADLINE_MS;
  let last: unknown = null;
  while (said === null && clock.now() < deadlineMs) {
    try {
      await api.outstanding();
      return await running.pid;
    } catch (notYet) {
      last = notYet;
      await Promise.race([ended, new Promise<void>((resolve) => void clock.after(START_POLL_MS, resolve))]);
    }
  }
  await running.kill();
  throw startFailure(said, last);
}

function startFailure(said: string | null, last: unknown): Error {
  if (said === null) {
    return new Error(`HAProxy did not serve within ${START_DEADLINE_MS / 1000} s`, { cause: last });
  }
  const error = new Error(`HAProxy did not start: ${said === '' ? 'it said nothing' : said}`);
  // Somebody was faster than HAProxy at the address that was just free.
  return /Address already in use/.test(said) ? Object.assign(error, { code: 'EADDRINUSE' }) : error;
}
