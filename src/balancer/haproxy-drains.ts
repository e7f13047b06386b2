import type { Clock } from '../domain/time.js';
import type { HaproxyBackend } from './haproxy-states.js';

const POLL_MS = 500;

export interface DrainDeps {
  readonly drainTimeoutMs: number;
  readonly afterDrain: 'maint' | 'drain';
  readonly clock: Clock;
  readonly look: (signal: AbortSignal) => Promise<HaproxyBackend>;
  readonly set: (server: string, what: string, signal: AbortSignal) => Promise<void>;
}

/** Watches over servers that drain and puts each into maintenance when its time has come. */
export interface HaproxyDrains {
  begin(server: string): void;
  /** Resolves when nothing of ours will touch that server any more. */
  end(server: string): Promise<void>;
  close(): void;
}

/**
 * HAProxy has no end of draining of its own. Sessions in flight are the evidence: with none left, or after the drain
 * timeout, `maint`, which keeps persistence away too; sessions that are still open then go on. A watch that dies with
 * this process leaves the server in `drain`.
 */
export function haproxyDrains({ drainTimeoutMs, afterDrain, clock, look, set }: DrainDeps): HaproxyDrains {
  const watched = new Map<string, { readonly stop: AbortController; readonly done: Promise<void> }>();
  const never = new AbortController().signal;

  /** True when there is nothing left to do. */
  const isOver = async (server: string, until: number, stop: AbortSignal): Promise<boolean> => {
    try {
      const found = (await look(never)).servers.find((each) => each.name === server);
      // Somebody else has decided meanwhile: theirs counts.
      if (found === undefined || found.inMaint || !found.drains || stop.aborted) return true;
      if (found.sessions + found.queued > 0 && clock.now() < until) return false;
      await set(server, 'state maint', never);
      return true;
    } catch (cause) {
      // Asked again: the server is in `drain` meanwhile, and whoever waits for it is told by their own question.
      void cause;
      return false;
    }
  };
  const watch = async (server: string, stop: AbortSignal): Promise<void> => {
    const until = clock.now() + drainTimeoutMs;
    while (!stop.aborted && !(await isOver(server, until, stop))) await clock.sleep(POLL_MS, stop);
  };
  const end = async (server: string): Promise<void> => {
    const watching = watched.get(server);
    watched.delete(server);
    watching?.stop.abort();
    await watching?.done;
  };
  return {
    begin(server) {
      if (afterDrain === 'drain' || watched.has(server)) return;
      const stop = new AbortController();
      watched.set(server, { stop, done: watch(server, stop.signal) });
    },
    end,
    close() {
      for (const { stop } of watched.values()) stop.abort();
    },
  };
}
