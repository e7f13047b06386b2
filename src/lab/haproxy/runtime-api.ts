import { isIP } from 'node:net';
import { BACKEND } from './config.js';

/** What HAProxy may do with a target: send it requests, only let those under way end, or nothing. */
export type ServerState = 'ready' | 'drain' | 'maint';

/** Sends one line to HAProxy's runtime API and resolves with the whole answer. */
export type AskHaproxy = (line: string) => Promise<string>;

const STAT_SERVERS = `show stat ${BACKEND} 4 -1`;

/**
 * HAProxy's runtime API, one command at a time and in the order given: a later state never overtakes an earlier one.
 * Every method rejects when HAProxy is gone or answers anything but what it should.
 */
export class RuntimeApi {
  readonly #ask: AskHaproxy;
  #last: Promise<unknown> = Promise.resolve();

  constructor(ask: AskHaproxy) {
    this.#ask = ask;
  }

  /** Where a slot's target listens; connections that are open stay. */
  async setAddress(slot: string, host: string, port: number): Promise<void> {
    if (isIP(host) === 0 || !Number.isInteger(port)) throw new Error(`'${host}:${port}' is not an address and a port`);
    await this.#command(`set server ${server(slot)} addr ${host} port ${port}`, ADDRESS_TAKEN);
  }

  async setState(slot: string, state: ServerState): Promise<void> {
    await this.#command(`set server ${server(slot)} state ${state}`, NOTHING_SAID);
  }

  /** No request from now on, and those under way are cut. */
  async cut(slot: string): Promise<void> {
    const name = server(slot);
    await this.#command(`set server ${name} state maint; shutdown sessions server ${name}`, NOTHING_SAID);
  }

  /** Requests outstanding per slot. */
  outstanding(): Promise<ReadonlyMap<string, number>> {
    return this.#inTurn(async () => outstandingIn(await this.#ask(STAT_SERVERS)));
  }

  /** Resolves when HAProxy has answered everything it was told before; never rejects. */
  caughtUp(): Promise<void> {
    return this.#inTurn(() => Promise.resolve());
  }

  #command(line: string, taken: RegExp): Promise<void> {
    return this.#inTurn(async () => {
      const answer = await this.#ask(line);
      if (!taken.test(answer.trim()))
        throw new Error(`HAProxy answered '${line}' with: ${answer.trim().slice(0, 300)}`);
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

const NOTHING_SAID = /^$/;
/** It tells what changed, or that nothing did. */
const ADDRESS_TAKEN = /changed from|no need to change/;

/** Slots are our own numbering; anything else could carry a command of its own. */
function server(slot: string): string {
  if (!/^t\d+$/.test(slot)) throw new Error(`'${slot}' is not a slot`);
  return `${BACKEND}/${slot}`;
}

/**
 * Reads `show stat`: CSV whose first line names the columns; `scur` is the number of sessions at a server.
 * @throws Error when it is anything else.
 */
export function outstandingIn(answer: string): ReadonlyMap<string, number> {
  const [head = '', ...rows] = answer.split('\n').filter((line) => line.trim() !== '');
  const columns = head.replace(/^# /, '').split(',');
  const [proxyAt, nameAt, countAt] = ['pxname', 'svname', 'scur'].map((name) => columns.indexOf(name));
  if (!head.startsWith('# ') || [proxyAt, nameAt, countAt].includes(-1)) {
    throw new Error(`HAProxy's statistics are not as expected: ${head.slice(0, 200)}`);
  }
  const counts = new Map<string, number>();
  for (const row of rows) {
    // Texts with commas of their own stand in later columns only.
    const fields = row.split(',');
    const count = fields[countAt!] ?? '';
    if (fields[proxyAt!] !== BACKEND || !/^\d+$/.test(count)) {
      throw new Error(`HAProxy's statistics are not as expected: ${row.slice(0, 200)}`);
    }
    counts.set(fields[nameAt!]!, Number(count));
  }
  return counts;
}
