import { EXIT, RollproofError } from '../domain/errors.js';
import type { RunEvent } from '../domain/event.js';
import type { Balancer } from '../domain/ports.js';
import type { Scenario } from '../domain/scenario.js';
import { detachedAfter } from '../pipeline/safety/detached.js';
import { greenLeftIn } from '../pipeline/safety/green-out.js';
import { errorText } from './error-text.js';
import type { Io } from './io.js';

export interface StopSignals {
  readonly stop: AbortSignal;
  readonly giveUp: AbortSignal;
  /** What the process ends with after a signal or a fault of ours, whatever the verdict; null without one. */
  exitCode(): number | null;
  release(): void;
}

const ENDING = {
  command: 'ending the deploy command; what it leaves detached is named',
  watch: 'the deploy that was watched goes on without us',
} as const;

/**
 * First signal, or an exception nobody caught: stop, attach what is detached, report. Second: end at once and print the exact commands that attach
 * what may still be out.
 */
export function onStopSignals(deps: {
  readonly scenario: Scenario;
  readonly balancer: Balancer;
  /** Everything journalled so far, growing. */
  readonly events: readonly RunEvent[];
  readonly live: { end(): void };
  readonly io: Io;
  /** Somebody else does the deploy; of a command of the user's, it is ended with us. */
  readonly external?: 'command' | 'watch' | null;
}): StopSignals {
  const stop = new AbortController();
  const giveUp = new AbortController();
  const offFault = deps.io.onFault((cause) => {
    // More of them change nothing: the way out is under way.
    if (stop.signal.aborted) return;
    const error = new RollproofError('INTERNAL', cause instanceof Error ? cause.message : String(cause), { cause });
    deps.io.stderr.write(`\n${errorText(error, deps.io)}stopping\n`);
    stop.abort(error);
  });
  const offSignal = deps.io.onSignal((signal) => {
    const left = detachedAfter(deps.events);
    const out = left.map((d) => d.target);
    if (!stop.signal.aborted) {
      const back = left.filter((d) => d.deploy !== 'failed').map((d) => d.target);
      const names =
        deps.external != null
          ? ENDING[deps.external]
          : back.length > 0
            ? `attaching ${back.join(', ')} again`
            : stayingOut(out);
      const green = greenIn(deps);
      const after = green.length === 0 ? '' : `, then taking ${green.join(', ')} out`;
      deps.io.stderr.write(`\n${signal}: stopping, ${names}${after} (again = end at once)\n`);
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
    const green = greenIn(deps);
    if (green.length > 0)
      deps.io.stderr.write(
        `${green.join(', ')} may still be attached beside blue; take it out with:\n  rollproof recover\n`,
      );
    deps.io.exitNow(codeOf(signal));
  });
  const exitCode = () => (stop.signal.aborted ? codeOf(stop.signal.reason) : null);
  const release = () => {
    offSignal();
    offFault();
  };
  return { stop: stop.signal, giveUp: giveUp.signal, exitCode, release };
}

/** Green of a blue-green deploy that is in before blue is out: it goes again with a run that ends now. */
function greenIn({ events, scenario, external }: Parameters<typeof onStopSignals>[0]): readonly string[] {
  return external == null ? greenLeftIn(events, scenario.rollout) : [];
}

/**
 * For the times when there is nothing to undo: a signal says what became of it and ends with its code at once.
 * @param said e.g. that nothing was touched. @returns what takes the handler away; harmless twice.
 */
export function endingAtOnce(said: string, io: Io): () => void {
  return io.onSignal((signal) => {
    io.stderr.write(`\n${signal}: ended; ${said}\n`);
    io.exitNow(codeOf(signal));
  });
}

/**
 * For the time under the lock, before the run has its own way to stop: the first signal gives the lock back and ends
 * then, a second one ends at once. Whoever holds the lock must not go on once that has `begun`.
 * @param undo must not reject.
 */
export function endingAfter(
  said: string,
  undo: () => Promise<void>,
  io: Io,
): { readonly begun: () => boolean; readonly off: () => void } {
  let begun = false;
  const off = io.onSignal((signal) => {
    const code = codeOf(signal);
    if (begun) io.exitNow(code);
    else {
      begun = true;
      io.stderr.write(`\n${signal}: ending; ${said} (again = end at once)\n`);
      void undo().finally(() => io.exitNow(code));
    }
  });
  return { begun: () => begun, off };
}

function stayingOut(out: readonly string[]): string {
  return out.length === 0 ? 'nothing is detached' : `${out.join(', ')} stays detached because its deploy failed`;
}

function codeOf(signal: unknown): number {
  if (signal instanceof RollproofError) return signal.exitCode;
  return signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
}
