import { describe, expect, it } from 'vitest';
import { movedText, targetsReplaced, unprovenTargets } from '../../src/checks/targets-replaced.js';
import type { Evidence } from '../../src/domain/evidence.js';
import type { Replacement } from '../../src/domain/result.js';
import { DEFAULT_POLICY } from '../../src/domain/scenario.js';
import { emptyEvidence, replacement } from './evidence-builder.js';

const judge = (change: Partial<Evidence>) =>
  targetsReplaced.evaluate({ ...emptyEvidence(), ...change }, DEFAULT_POLICY);
const unproven = (replacements: readonly Replacement[], toReplace: readonly string[] = ['s1']) =>
  unprovenTargets({ replacements, toReplace });
const green = (change: Partial<Replacement> = {}) => replacement('g1', { role: 'green', ...change });
const blue = (change: Partial<Replacement> = {}) => replacement('b1', { role: 'blue', ...change });

describe('unprovenTargets', () => {
  it('has nothing to say of what left, was replaced and came back', () => {
    expect(unproven([replacement('s1')])).toEqual([]);
    expect(unproven([replacement('s1', { maybeStale: 0 })])).toEqual([]);
    expect(unproven([green(), blue({ returned: false })], ['g1', 'b1'])).toEqual([]);
  });

  it('names each part of the proof that is missing', () => {
    expect(unproven([])).toEqual(['s1 was never taken out and attached again']);
    expect(unproven([replacement('s1', { left: false, silentSends: 7 })])).toEqual([
      's1 was not seen to leave rotation (7 requests went elsewhere in a row before its attach)',
    ]);
    const nothing = replacement('s1', { left: false, lastRoutedAt: null, silentSends: 1 });
    expect(unproven([nothing])).toEqual([
      's1 answered nothing before its detach, so it was not seen to leave rotation',
    ]);
    expect(unproven([{ ...nothing, silentSends: 0 }])).toEqual([
      's1 was not seen to leave rotation (0 requests went elsewhere in a row before its attach)',
    ]);
    expect(unproven([replacement('s1', { returned: false })])).toEqual([
      's1 was not seen to serve the new version after its attach',
    ]);
    expect(unproven([replacement('s1', { replaced: false })])).toEqual([
      's1 was not seen to be replaced by a new process',
    ]);
    expect(unproven([replacement('s1', { maybeStale: 1 })])).toEqual([
      's1 answered 1 time with what it ran before, when it may already have been attached again',
    ]);
    // Not replaced follows from not having left or not having returned: one reason is enough.
    expect(unproven([replacement('s1', { left: false, replaced: false })])).toHaveLength(1);
    expect(unproven([replacement('s1', { returned: false, replaced: false })])).toHaveLength(1);
  });

  it('asks of green to have been out and to serve, of blue to leave', () => {
    const both = ['g1', 'b1'];
    expect(unproven([green({ left: false }), blue()], both)).toEqual([
      'g1 (green) was not shown to be out before its attach',
    ]);
    expect(unproven([green({ returned: false }), blue()], both)).toEqual([
      'g1 (green) was not seen to serve the new version',
    ]);
    expect(unproven([green(), blue({ left: false, silentSends: 3 })], both)).toEqual([
      'b1 was not seen to leave rotation (3 requests went elsewhere in a row after its detach)',
    ]);
  });

  it('counts targets nobody asked to replace, and a pipeline that replaces none', () => {
    expect(unproven([replacement('s1'), replacement('x', { replaced: false })])).toEqual([
      'x was not seen to be replaced by a new process',
    ]);
    expect(unproven([replacement('x', { left: false, silentSends: 2 })], [])).toEqual([
      'the pipeline replaces no target',
      'x was not seen to leave rotation (2 requests went elsewhere in a row before its attach)',
    ]);
  });
});

describe('movedText', () => {
  it('tells who came and who went of a blue-green deploy alone', () => {
    expect(movedText([replacement('s1')])).toBeNull();
    expect(movedText([blue()])).toBeNull();
    expect(movedText([green(), { ...green(), target: 'g2' }, blue()])).toBe(
      'g1 and g2 came in with the new version and b1 left',
    );
  });
});

describe('targets-replaced', () => {
  it('says what is proven', () => {
    expect(judge({})).toMatchObject({
      status: 'pass',
      code: null,
      message: 's1 and s2 left, changed version and came back',
      measured: '2 proven',
      threshold: '2 targets',
    });
    expect(judge({ replacements: [green(), blue()], toReplace: ['g1', 'b1'] }).message).toBe(
      'g1 came in with the new version and b1 left',
    );
  });

  it('is inconclusive with every reason where something is missing', () => {
    const open = judge({
      replacements: [replacement('s1', { replaced: false }), replacement('s2', { returned: false })],
    });
    expect(open).toMatchObject({
      status: 'inconclusive',
      code: 'REPLACEMENT_UNPROVEN',
      message:
        's1 was not seen to be replaced by a new process; s2 was not seen to serve the new version after its attach',
      measured: '1 proven',
      threshold: '2 targets',
    });
    expect(open.hint).toContain('service.identity');
  });
});
