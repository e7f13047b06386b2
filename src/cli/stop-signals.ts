import { EXIT } from '../domain/errors.js';
import type { RunEvent } from '../domain/event.js';
import type { Balancer } from '../domain/ports.js';
import type { Scenario } from '../domain/scenario.js';
import { detachedAfter } from '../pipeline/safety/detached.js';
import type { Io } from './io.js';

export interface StopSignals {
  readonly stop: AbortSignal;
  readonly giveUp: AbortSignal;
  /** What the process ends with after a signal, whatever the verdict; null without one. */
  exitCode(): number | null;
  release(): void;
}

/**
 * First signal: stop, attach what is detached, report. Second: end at once and print the exact commands that attach
 * what may still be out.
 */
export function onStopSignals(deps: {
  readonly scenario: Scenario;
  readonly balancer: Balancer;
  /** Everything journalled so far, growing. */
  readonly events: readonly RunEvent[];
  readonly live: { end(): void };
  readonly io: Io;
}): StopSignals {
  const stop = new AbortController();
  const giveUp = new AbortController();
  const release = deps.io.onSignal((signal) => {
    const out = detachedAfter(deps.events).map((d) => d.target);
    if (!stop.signal.aborted) {
      const names = out.length === 0 ? 'nothing is detached' : `attaching ${out.join(', ')} again`;
      deps.io.stderr.write(`\n${signal}: stopping, ${names} (again = end at once)\n`);
      stop.abort(signal);
      return;
    }
    giveUp.abort(signal);
    deps.live.end();
    deps.io.stderr.write('\nended at once.\n');
    for (const target of deps.scenario.targets.filter((t) => out.includes(t.id))) {
      deps.io.stderr.write(
        `${target.id} may still be detached; attach it with:\n  ${deps.balancer.attachCommand(target)}\n`,
      );
    }
    deps.io.exitNow(codeOf(signal));
  });
  const exitCode = () => (stop.signal.aborted ? codeOf(stop.signal.reason) : null);
  return { stop: stop.signal, giveUp: giveUp.signal, exitCode, release };
}

function codeOf(signal: unknown): number {
  return signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
}
