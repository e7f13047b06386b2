import { systemClock } from '../../../src/lab/dataplane/node-clock.js';
import type { NodeViewOptions } from '../../../src/lab/dataplane/node-options.js';
import { startHaproxyView } from '../../../src/lab/haproxy/start.js';
import { HTTP_CHECK, until } from '../dataplane/support.js';

const opened: (() => Promise<void>)[] = [];

/** Ends every HAProxy a test started. */
export async function endAll(): Promise<void> {
  for (const end of opened.splice(0)) await end();
}

/** A node on a real HAProxy, checked as the lab checks. `fatal` collects what would end the lab. */
export async function startNode(program: string, options: Partial<NodeViewOptions> = {}, slots = 2) {
  const changes: [string, string][] = [];
  const fatal: string[] = [];
  const view = await startHaproxyView(
    {
      name: 'node-1',
      host: '127.0.0.1',
      port: 0,
      flavour: 'clb',
      connectRetries: 0,
      preopen: 0,
      idleTimeoutMs: 10_000,
      surgeQueue: 1_024,
      health: HTTP_CHECK,
      onHealthChange: (instanceId, state) => changes.push([instanceId, state]),
      ...options,
    },
    {
      program,
      clock: systemClock,
      targets: slots,
      killProcess: (pid) => process.kill(pid, 'SIGKILL'),
      onFatal: (cause) => fatal.push(cause instanceof Error ? cause.message : String(cause)),
    },
  );
  opened.push(() => view.close());
  return {
    view,
    changes,
    fatal,
    add: (instanceId: string, port: number) => view.add({ instanceId, host: '127.0.0.1', port }),
    async addHealthy(instanceId: string, port: number): Promise<void> {
      view.add({ instanceId, host: '127.0.0.1', port });
      await until(`${instanceId} is healthy`, () => view.health(instanceId) === 'healthy');
    },
    /** Statuses as they come, until one is as wanted: HAProxy hears of a change a moment after the lab. */
    async answers(wanted: string): Promise<void> {
      const deadline = performance.now() + 5_000;
      for (;;) {
        const response = await fetch(`http://127.0.0.1:${view.port}/x`, { headers: { connection: 'close' } });
        const seen = `${response.status} ${response.statusText} ${await response.text()}`;
        if (seen.startsWith(wanted)) return;
        if (performance.now() > deadline) throw new Error(`still '${seen}', not '${wanted}'`);
      }
    },
  };
}
