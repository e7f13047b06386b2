import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/domain/event.js';
import type { Stage } from '../../src/domain/pipeline.js';
import { pipelineOf } from '../../src/pipeline/compile.js';
import { changeOf, restOfStage } from '../../src/pipeline/step-range.js';
import { testScenario } from '../support/scenario.js';

const pipeline = pipelineOf(testScenario(), null);
const [out, back, second] = pipeline.stages as unknown as [Stage, Stage, Stage];
const done = (stage: Stage, upTo = stage.steps.length): RunEvent[] =>
  stage.steps.slice(0, upTo).map((step, index) => ({ kind: 'step-done', at: 0, stage: stage.name, index, step }));
const failed = (stage: Stage, index: number): RunEvent => {
  const step = stage.steps[index] ?? stage.steps[0];
  return { kind: 'step-failed', at: 0, stage: stage.name, index, step, error: 'no' };
};
const recovered: RunEvent = { kind: 'recovery', at: 0, target: 'staging-1', ok: true, message: '' };

describe('what is left of a stage', () => {
  it('is all of it, the rest of it, or nothing', () => {
    expect(restOfStage(pipeline, out.name, [])?.part).toEqual({ from: 0, to: 2 });
    expect(restOfStage(pipeline, out.name, done(out, 2))?.part).toEqual({ from: 2, to: 2 });
    expect(restOfStage(pipeline, out.name, done(out))).toBeNull();
  });

  it('is all of it again after a failed step or a recovery: targets are back where they were', () => {
    expect(restOfStage(pipeline, out.name, [...done(out, 2), failed(out, 2)])?.part.from).toBe(0);
    expect(restOfStage(pipeline, out.name, [...done(out, 2), recovered])?.part.from).toBe(0);
    expect(restOfStage(pipeline, out.name, [...done(out), recovered])).toBeNull();
  });

  it('is refused out of turn: two targets could be out at once', () => {
    expect(() => restOfStage(pipeline, second.name, done(out))).toThrow(
      /not the turn .* 0 of 2 steps of stage staging-1-in/,
    );
    expect(restOfStage(pipeline, second.name, [...done(out), ...done(back)])?.part.from).toBe(0);
    expect(() => restOfStage(pipeline, 'nowhere', [])).toThrow(/no stage nowhere/);
  });

  it('a change is its step and the waits behind it, in turn', () => {
    const before = [...done(out), ...done(back)];
    expect(changeOf(pipeline, 'detach', 'staging-2', before)?.part).toEqual({ from: 0, to: 1 });
    expect(changeOf(pipeline, 'deploy', 'staging-2', [...before, ...done(second, 2)])?.part).toEqual({
      from: 2,
      to: 2,
    });
    expect(changeOf(pipeline, 'attach', 'staging-2', [...before, ...done(second, 3)])?.part).toEqual({
      from: 3,
      to: 4,
    });
    expect(changeOf(pipeline, 'deploy', 'staging-2', [...before, ...done(second, 3)])).toBeNull();
    expect(() => changeOf(pipeline, 'deploy', 'staging-2', before)).toThrow(/not the turn/);
    expect(() => changeOf(pipeline, 'detach', 'staging-2', [])).toThrow(/not the turn/);
    expect(() => changeOf(pipeline, 'detach', 'nobody', [])).toThrow(/never does detach nobody/);
  });
});
