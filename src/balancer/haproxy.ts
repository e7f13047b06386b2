import { RollproofError } from '../domain/errors.js';
import type { Balancer } from '../domain/ports.js';
import type { Target, TargetHealth } from '../domain/target.js';
import type { Clock } from '../domain/time.js';
import { haproxyDrains } from './haproxy-drains.js';
import { haproxyFacts } from './haproxy-facts.js';
import { type AskHaproxy, askHaproxy, haproxyAddress } from './haproxy-socket.js';
import {
  backendFrom,
  type HaproxyBackend,
  type HaproxyProcess,
  type HaproxyServer,
  haproxyTargetState,
  isOtherProcess,
  processFrom,
} from './haproxy-states.js';
import { shellWord } from './shell-word.js';

export interface HaproxyOptions {
  /** The runtime API: a path, or host:port. */
  readonly socket: string;
  /** HAProxy's name for the proxy that holds the targets; their `instance` is the server's name in it. */
  readonly backend: string;
  /** How long sessions at a detached target get before it goes into maintenance all the same, ms. */
  readonly drainTimeoutMs: number;
  /** Where a drained target ends: `maint` (no persistence, no health checks) or left in `drain`. */
  readonly afterDrain: 'maint' | 'drain';
  /** HAProxy's `inter`, which its runtime API does not tell; null = not known. */
  readonly checkIntervalMs: number | null;
  readonly clock: Clock;
  /** Another way to ask, for tests. */
  readonly ask?: AskHaproxy;
}

/** What HAProxy itself takes for a proxy's or a server's name; nothing in it can end a word or a command. */
const HAPROXY_NAME = /^[A-Za-z0-9_.:-]{1,200}$/;

/**
 * A backend of a running HAProxy, through its runtime API. A detach puts the server into `drain`, and into `maint` when
 * nothing is in flight at it any more or its time is up. An attach sets it `ready`; where HAProxy checks the server it is
 * first called down: leaving `maint` HAProxy takes it for healthy without having looked.
 */
export function haproxyBalancer(options: HaproxyOptions): Balancer {
  const { server: named, backend } = namesOf(options.backend);
  const ask = options.ask ?? askHaproxy(options.socket);
  /** Servers this process took out: a HAProxy that is started anew forgets that. */
  const out = new Map<string, string>();
  const forgetful = restarts(out);

  const look = async (signal: AbortSignal): Promise<HaproxyBackend> => {
    const process = processFrom(await ask('show info', signal));
    const state = answered(await ask(`show servers state ${backend}`, signal), backend);
    const found = backendFrom(backend, state, answered(await ask(`show stat ${backend} 6 -1`, signal), backend));
    forgetful.see(process, found);
    return found;
  };
  const set = async (server: string, what: string, signal: AbortSignal): Promise<void> => {
    const answer = (await ask(`set server ${backend}/${server} ${what}`, signal)).trim();
    if (answer !== '') throw refusal(answer, `${backend}/${server}`);
  };
  const drains = haproxyDrains({ ...options, look, set });
  return {
    async detach(target, signal) {
      const server = serverOf(target, await look(signal), named(target), backend);
      out.set(server.name, target.id);
      // `state drain` would take a server out of the maintenance somebody has put it into.
      if (server.inMaint) return;
      await set(server.name, 'state drain', signal);
      drains.begin(server.name);
    },
    async attach(target, signal) {
      const name = named(target);
      await drains.end(name);
      forgetful.forgive(name);
      const server = serverOf(target, await look(signal), name, backend);
      if (server.inMaint || server.drains) {
        // Checks run in `drain`, and only outside of `maint` can a server be called down.
        if (server.inMaint && server.isChecked) await set(name, 'state drain', signal);
        if (server.isChecked) await calledDown(name, set, signal);
        await set(name, 'state ready', signal);
      }
      out.delete(name);
    },
    async health(targets, signal) {
      if (targets.length === 0) return [];
      const names = targets.map(named);
      const found = await look(signal);
      return targets.map((target, i) => targetHealth(target, names[i] ?? '', found, options));
    },
    describe: async (signal) => haproxyFacts(await look(signal), options, ask, signal),
    attachCommand: (target) => attachCommand(named(target), options),
    close: () => drains.close(),
  };
}

/** A server that follows another one's checks cannot be called down, and need not be. */
async function calledDown(
  name: string,
  set: (server: string, what: string, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  try {
    await set(name, 'health down', signal);
  } catch (cause) {
    if (cause instanceof RollproofError && cause.code === 'BALANCER_UNREACHABLE') throw cause;
  }
}

/** Both names as HAProxy takes them. @throws RollproofError before anything else reaches the socket. */
function namesOf(backend: string): { readonly backend: string; readonly server: (target: Target) => string } {
  const checked = (name: string, where: string): string => {
    if (HAPROXY_NAME.test(name)) return name;
    throw new RollproofError('SCENARIO_INVALID', `${JSON.stringify(name)} is not a name HAProxy can have`, {
      hint: `check ${where}: letters, digits, dots, colons, dashes and underscores`,
    });
  };
  return {
    backend: checked(backend, 'balancer.backend'),
    server: (target) => checked(target.instance, 'targets[].instance'),
  };
}

function serverOf(target: Target, found: HaproxyBackend, name: string, backend: string): HaproxyServer {
  const server = found.servers.find((each) => each.name === name);
  if (server !== undefined) return server;
  throw new RollproofError('BALANCER_REFUSED', `backend ${backend} of HAProxy has no server ${name} (${target.id})`, {
    hint: `check targets[].instance; it has ${found.servers.map((each) => each.name).join(', ') || 'none'}`,
  });
}

function targetHealth(
  target: Target,
  name: string,
  { servers }: HaproxyBackend,
  { afterDrain, backend }: HaproxyOptions,
): TargetHealth {
  const server = servers.find((each) => each.name === name);
  if (server === undefined) {
    const description = `backend ${backend} has no server ${name}`;
    return { target: target.id, state: 'unused', registered: false, reasonCode: 'N/A', description };
  }
  const state = haproxyTargetState(server, afterDrain === 'drain');
  const weightless = server.weight === 0 ? ', weight 0' : '';
  // Where a target is going: elsewhere the count changes with every look, and every look would be a fact.
  const flight = state.registered ? '' : `, ${server.sessions} in flight, ${server.queued} queued`;
  return {
    target: target.id,
    ...state,
    reasonCode: server.status || 'N/A',
    description: `HAProxy says ${server.status || 'nothing'}${weightless}${flight}`,
  };
}

function attachCommand(server: string, { socket, backend }: HaproxyOptions): string {
  const address = haproxyAddress(socket);
  const where = address !== null && 'path' in address ? `UNIX-CONNECT:${socket}` : `TCP:${socket}`;
  return `echo ${shellWord(`set server ${backend}/${server} state ready`)} | socat - ${shellWord(where)}`;
}

/** What HAProxy says in place of an answer. @throws RollproofError. */
function answered(answer: string, backend: string): string {
  if (/^\s*(No such|Can't find|Permission denied|Unknown command)/i.test(answer)) throw refusal(answer.trim(), backend);
  return answer;
}

function refusal(answer: string, what: string): RollproofError {
  const said = answer.slice(0, 200).split('\n')[0] ?? '';
  const hint = /permission/i.test(said)
    ? "the socket must be of level admin: 'stats socket … level admin'"
    : /backend|proxy/i.test(said)
      ? `check balancer.backend (${what})`
      : /no such server/i.test(said)
        ? 'check targets[].instance: it is the name after the word server'
        : null;
  return new RollproofError('BALANCER_REFUSED', `HAProxy refused (${what}): ${said}`, { hint });
}

/**
 * Notices a HAProxy that was started anew: it may have forgotten who is out, and a target under deploy would get
 * requests. With nobody lost it is said once, and asked again.
 * @param out servers taken out by this process, and their targets.
 */
function restarts(out: ReadonlyMap<string, string>) {
  let known: HaproxyProcess | null = null;
  let doubted = new Set<string>();
  let words = '';
  return {
    /** The target is being put back: what became of it before does not matter any more. */
    forgive(server: string): void {
      doubted.delete(server);
    },
    /** @throws RollproofError when a restart put a target back, or for the first look after any restart. */
    see(now: HaproxyProcess, { servers }: HaproxyBackend): void {
      const isNew = known !== null && isOtherProcess(known, now);
      if (isNew) {
        words = `HAProxy was started anew (process ${known?.pid}, now ${now.pid})`;
        doubted = new Set(out.keys());
      }
      known = now;
      const back = servers.filter((each) => doubted.has(each.name) && !each.inMaint && !each.drains);
      if (back.length > 0) {
        const ids = back.map((each) => out.get(each.name) ?? each.name).join(', ');
        throw new RollproofError(
          'BALANCER_REFUSED',
          `${words} and sends requests to ${ids} again, which was taken out`,
          {
            hint: "let HAProxy keep its servers' states over a reload ('server-state-file' and 'load-server-state-from-file global'), or do not reload it during a roll",
          },
        );
      }
      if (isNew) throw new RollproofError('BALANCER_UNREACHABLE', `${words}; nobody who was taken out is back`);
    },
  };
}
