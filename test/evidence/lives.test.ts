import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/domain/event.js';
import { livesOf } from '../../src/evidence/lives.js';

const call = (
  operation: 'detach' | 'attach',
  requestedAt: number,
  error: string | null = null,
  target = 's1',
): RunEvent => ({
  kind: 'balancer-call',
  at: requestedAt + 10,
  operation,
  target,
  requestedAt,
  respondedAt: requestedAt + 10,
  error,
});
const deploy = (startedAt: number, at: number): RunEvent => ({
  kind: 'deploy-ended',
  at,
  target: 's1',
  command: ['x'],
  startedAt,
  exitCode: 0,
  outputTail: '',
  error: null,
});
const app = (what: 'stopping' | 'down' | 'up' | 'ready', at: number, via: 'mark' | 'probe' = 'mark'): RunEvent => ({
  kind: 'app-observed',
  at,
  target: 's1',
  what,
  via,
});

describe('livesOf', () => {
  it('reads a plain life', () => {
    const [life] = livesOf(
      [
        call('detach', 100),
        deploy(200, 300),
        app('stopping', 210),
        app('down', 215),
        app('up', 280),
        call('attach', 310),
      ],
      ['s1', 's2'],
    );
    expect(life).toMatchObject({
      detachRequestedAt: 100,
      detachRespondedAt: 110,
      deployStartedAt: 200,
      deployEndedAt: 300,
      stopAt: 210,
      stopIsExact: true,
      appDownAt: 215,
      appUpAt: 280,
      attachRequestedAt: 310,
      attachRespondedAt: 320,
    });
  });

  it('counts from the first try of a call whose reply was lost', () => {
    const [life] = livesOf(
      [call('detach', 100, 'timeout'), call('detach', 150), call('attach', 300, 'throttled'), call('attach', 330)],
      ['s1'],
    );
    expect(life).toMatchObject({
      detachRequestedAt: 100,
      detachRespondedAt: 160,
      attachRequestedAt: 300,
      attachRespondedAt: 340,
    });
  });

  it('is no life when the detach never succeeded', () => {
    expect(livesOf([call('detach', 100, 'refused'), call('attach', 200)], ['s1'])).toEqual([]);
  });

  it('takes the cycle with the deploy of a target taken out twice', () => {
    const [life] = livesOf(
      [call('detach', 100), call('attach', 150), call('detach', 400), deploy(500, 600), call('attach', 610)],
      ['s1'],
    );
    expect(life).toMatchObject({ detachRequestedAt: 400, deployStartedAt: 500, attachRequestedAt: 610 });
  });

  it('takes the start of the deploy for the stop where only probes saw it', () => {
    const [life] = livesOf(
      [call('detach', 100), deploy(200, 300), app('down', 250, 'probe'), call('attach', 310)],
      ['s1'],
    );
    expect(life).toMatchObject({ stopAt: 200, stopIsExact: false, appDownAt: 250 });
  });

  it('knows whether the deploy that was due completed: after a Ctrl-C the old version is no surprise', () => {
    const back = [call('detach', 100), call('attach', 610)];
    expect(livesOf(back, ['s1'])[0]?.deployCompleted).toBe(false);
    expect(livesOf(back, ['s1'], false)[0]?.deployCompleted).toBe(true);
    expect(livesOf([...back, deploy(200, 300)], ['s1'])[0]?.deployCompleted).toBe(true);
  });

  it('orders lives by their detach and leaves open what never came', () => {
    const lives = livesOf([call('detach', 300, null, 's1'), call('detach', 100, null, 's2')], ['s1', 's2']);
    expect(lives.map((life) => [life.target, life.attachRequestedAt, life.stopAt])).toEqual([
      ['s2', null, null],
      ['s1', null, null],
    ]);
  });
});
