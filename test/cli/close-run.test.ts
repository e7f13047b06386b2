import { expect, it } from 'vitest';
import { endOf } from '../../src/cli/steps/close-run.js';
import type { RunEvent } from '../../src/domain/event.js';

const stage = 'green-in';
const attach = { kind: 'attach', target: 'g1' } as const;
const begun: readonly RunEvent[] = [
  { kind: 'stage-started', at: 1, stage },
  { kind: 'step-intent', at: 2, stage, index: 0, step: attach },
];
const failed: RunEvent = { kind: 'step-failed', at: 3, stage, index: 0, step: attach, error: 'no' };
const stopped: RunEvent = { kind: 'interrupted', at: 3, signal: 'SIGTERM' };

it('a deploy has begun with its first step, also where that is no detach', () => {
  expect(endOf([], 'stage green-deploy has not run').deploy).toBe('not-started');
  expect(endOf([stopped], 'it was stopped').deploy).toBe('not-started');
  expect(endOf(begun, 'stage blue-out has not run').deploy).toBe('interrupted');
  expect(endOf([...begun, failed], 'a step failed').deploy).toBe('failed');
  expect(endOf([...begun, stopped, failed], 'a step failed').deploy).toBe('interrupted');
  // A first step that was refused before it was asked for is a failed deploy, as `run` has it.
  expect(endOf([begun[0] as RunEvent, failed], 'a step failed').deploy).toBe('failed');
  expect(endOf(begun, null)).toEqual({ deploy: 'complete', stillDetached: [], error: null });
});

it('is never complete with a target out, unless it is meant to stay out and its stage ended well', () => {
  const step = { kind: 'detach', target: 'b1', forGood: true } as const;
  const out: RunEvent[] = [...begun, { kind: 'step-intent', at: 4, stage: 'blue-out', index: 0, step }];
  expect(endOf(out, null)).toMatchObject({ deploy: 'interrupted', stillDetached: ['b1'] });
  expect(endOf([...out, { kind: 'stage-ended', at: 5, stage: 'blue-out', ok: true }], null)).toMatchObject({
    deploy: 'complete',
    stillDetached: [],
  });
});
