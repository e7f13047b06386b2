import { parseAppConfig } from './app-config.js';
import { createAppServer } from './app-server.js';

/**
 * Entry of an application-server child process of the lab, configured by ROLLPROOF_LAB_APP. It tells its parent over
 * IPC, with its own monotonic clock (one clock for all processes of a machine): `listening` (port), `ready`, `closed`
 * (listener shut on SIGTERM), or `failed` (message; exit 1). It never outlives the parent.
 */
export type AppMessage =
  | { kind: 'listening'; port: number; monotonicNs: string }
  | { kind: 'ready' | 'closed'; monotonicNs: string }
  | { kind: 'failed'; message: string; monotonicNs: string };

type Notice = { kind: 'ready' | 'closed' } | { kind: 'listening'; port: number } | { kind: 'failed'; message: string };

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
  const app = createAppServer(config);
  let listening = false;
  let terminating = false;
  process.on('SIGTERM', () => {
    if (config.ignoreSigterm || terminating) return;
    terminating = true;
    if (!listening) process.exit(0);
    if (config.graceMs === 0) {
      app.destroy();
      // The message is the only thing the exit waits for: the kernel has the sockets' FINs and resets already.
      tell({ kind: 'closed' }, () => process.exit(0));
      return;
    }
    setTimeout(() => process.exit(0), config.graceMs);
    void app.finish().then(() => process.exit(0));
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
