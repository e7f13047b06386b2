import { parseAppConfig } from './app-config.js';
import { createAppServer } from './app-server.js';

/**
 * Entry of an application-server child process of the lab, configured by ROLLPROOF_LAB_APP. It tells its parent over
 * IPC, with its own monotonic clock (one clock for all processes of a machine): `listening` (port), `ready`, `closed`
 * (listener shut on SIGTERM), `requests` (which numbers of which run came), or `failed` (message; exit 1). It never outlives the parent.
 */
export type AppMessage =
  | { kind: 'listening'; port: number; monotonicNs: string }
  | { kind: 'ready' | 'closed'; monotonicNs: string }
  | { kind: 'requests'; run: string; seqs: (string | null)[]; monotonicNs: string }
  | { kind: 'failed'; message: string; monotonicNs: string };

type Notice =
  | { kind: 'ready' | 'closed' }
  | { kind: 'listening'; port: number }
  | { kind: 'requests'; run: string; seqs: (string | null)[] }
  | { kind: 'failed'; message: string };

/** The lab knows of every request this much later at most; one that is killed takes that much along. */
const TELL_EVERY_MS = 100;

/** Requests by run since they were last told: in bundles, for a message each would cost more than the answer. */
const received = new Map<string, (string | null)[]>();

function tellRequests(): void {
  for (const [run, seqs] of received) tell({ kind: 'requests', run, seqs });
  received.clear();
}

function noteRequest(run: string, seq: string | null): void {
  const seqs = received.get(run);
  if (seqs === undefined) received.set(run, [seq]);
  else seqs.push(seq);
}

function tell(notice: Notice, sent: () => void = () => undefined): void {
  const message = { ...notice, monotonicNs: process.hrtime.bigint().toString() };
  if (process.send !== undefined && process.connected) process.send(message, undefined, undefined, () => sent());
  else sent();
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

async function main(): Promise<void> {
  process.on('disconnect', () => process.exit(0));
  // A parent that died while this process was loading has said its good-bye before anybody listened.
  if (!process.connected) process.exit(0);
  const config = parseAppConfig(process.env.ROLLPROOF_LAB_APP);
  const app = createAppServer(config, noteRequest);
  setInterval(tellRequests, TELL_EVERY_MS).unref();
  const end = () => {
    tellRequests();
    // An empty message: when it is out, all before it are.
    tell({ kind: 'requests', run: '', seqs: [] }, () => process.exit(0));
  };
  let listening = false;
  let terminating = false;
  process.on('SIGTERM', () => {
    if (config.ignoreSigterm || terminating) return;
    terminating = true;
    if (!listening) process.exit(0);
    if (config.graceMs === 0) {
      app.destroy();
      tellRequests();
      // The message is the only thing the exit waits for: the kernel has the sockets' FINs and resets already.
      tell({ kind: 'closed' }, () => process.exit(0));
      return;
    }
    setTimeout(end, config.graceMs);
    void app.finish().then(end);
    tell({ kind: 'closed' });
  });
  if (config.startupDelayMs > 0) await pause(config.startupDelayMs);
  const port = await app.listen();
  listening = true;
  tell({ kind: 'listening', port });
  if (config.broken && config.crashAfterMs > 0) setTimeout(() => process.exit(1), config.crashAfterMs);
  if (config.readyLagMs > 0) await pause(config.readyLagMs);
  app.becomeReady();
  if (!terminating) tell({ kind: 'ready' });
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.exitCode = 1;
  tell({ kind: 'failed', message }, () => process.exit(1));
});
