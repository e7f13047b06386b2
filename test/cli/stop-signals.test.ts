import { describe, expect, it } from 'vitest';
import type { Io } from '../../src/cli/io.js';
import { endingAfter, endingAtOnce, onStopSignals } from '../../src/cli/stop-signals.js';
import type { RunEvent } from '../../src/domain/event.js';
import type { Step } from '../../src/domain/pipeline.js';
import { fakeBalancer } from '../support/fake-balancer.js';
import { fakeIo } from '../support/fake-io.js';
import { testScenario } from '../support/scenario.js';

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';
const stepped = (kind: 'step-intent' | 'step-done', step: Step): RunEvent => ({
  kind,
  at: 0,
  stage: 's',
  index: 0,
  step,
});
const DETACHED = stepped('step-intent', { kind: 'detach', target: 'staging-1' });

function rig(events: RunEvent[]) {
  let signal: (name: Signal) => void = () => undefined;
  let fault: (cause: unknown) => void = () => undefined;
  const fake = fakeIo({
    onSignal(handler) {
      signal = handler;
      return () => {
        signal = () => undefined;
      };
    },
    onFault(handler) {
      fault = handler;
      return () => undefined;
    },
  } satisfies Partial<Io>);
  const scenario = testScenario();
  const { balancer } = fakeBalancer(scenario.targets);
  const signals = onStopSignals({ scenario, balancer, events, live: { end: () => undefined }, io: fake.io });
  return { ...fake, signals, send: (name: Signal) => signal(name), crash: (cause: unknown) => fault(cause) };
}

describe('signals during a run', () => {
  it('first stops and says what is attached again, second ends with the exact command', () => {
    const r = rig([DETACHED]);
    r.send('SIGTERM');
    expect(r.signals.stop.aborted && !r.signals.giveUp.aborted).toBe(true);
    expect(r.err()).toContain('attaching staging-1 again');
    expect(() => r.send('SIGINT')).toThrow('exit 130');
    expect(r.signals.giveUp.aborted).toBe(true);
    expect(r.err()).toContain('attach-by-hand i-1');
    expect(r.signals.exitCode()).toBe(143);
  });

  it('does not promise to attach what a failed deploy keeps out', () => {
    const deploy: Step = { kind: 'deploy', target: 'staging-1' };
    const r = rig([
      DETACHED,
      stepped('step-intent', deploy),
      { kind: 'step-failed', at: 0, stage: 's', index: 2, step: deploy, error: 'exit 1' },
    ]);
    r.send('SIGINT');
    expect(r.err()).toContain('staging-1 stays detached because its deploy failed');
    expect(r.err()).not.toContain('attaching');
  });

  it('takes an exception nobody caught for a stop that ends with 70, and further ones for noise', () => {
    const r = rig([DETACHED]);
    r.crash(new Error('boom'));
    r.crash(new Error('boom again'));
    expect(r.signals.stop.reason).toMatchObject({ code: 'INTERNAL', message: 'boom' });
    expect(r.signals.exitCode()).toBe(70);
    expect(r.err()).toContain('internal error: boom');
    expect(r.err()).not.toContain('boom again');
  });
});

describe('signals while there is nothing to undo', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 143],
  ] as const)('%s says so and ends with %i at once', (name, code) => {
    let signal: (name: Signal) => void = () => undefined;
    const { io, err } = fakeIo({
      onSignal(handler) {
        signal = handler;
        return () => undefined;
      },
    });
    endingAtOnce('nothing was touched', io);
    expect(() => signal(name)).toThrow(`exit ${code}`);
    expect(err()).toContain(`${name}: ended; nothing was touched`);
  });
});

describe('signals under the lock, before the first detach', () => {
  function locked() {
    let signal: (name: Signal) => void = () => undefined;
    const ends: number[] = [];
    const fake = fakeIo({
      onSignal(handler) {
        signal = handler;
        return () => {
          signal = () => undefined;
        };
      },
      exitNow: ((code: number) => void ends.push(code)) as Io['exitNow'],
    });
    let released: () => void = () => undefined;
    let asked = 0;
    const release = () => {
      asked++;
      return new Promise<void>((resolve) => {
        released = resolve;
      });
    };
    const ending = endingAfter('the lock is given back', release, fake.io);
    return { ...fake, ending, ends, asked: () => asked, released: () => released(), send: (n: Signal) => signal(n) };
  }

  it('give it back first: a tag that stays keeps every other machine out', async () => {
    const r = locked();
    expect(r.ending.begun()).toBe(false);
    r.send('SIGTERM');
    expect([r.ending.begun(), r.asked(), r.ends]).toEqual([true, 1, []]);
    expect(r.err()).toContain('SIGTERM: ending; the lock is given back');
    r.released();
    await expect.poll(() => r.ends).toEqual([143]);
  });

  it('end at once when they come twice', () => {
    const r = locked();
    r.send('SIGINT');
    r.send('SIGINT');
    expect([r.asked(), r.ends]).toEqual([1, [130]]);
  });

  it('are somebody else’s afterwards', () => {
    const r = locked();
    r.ending.off();
    r.send('SIGINT');
    expect([r.ending.begun(), r.asked(), r.ends]).toEqual([false, 0, []]);
  });
});
