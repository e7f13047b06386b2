import { describe, expect, it } from 'vitest';
import { type Bad, itRefuses } from './bad.js';
import { load, variant } from './memory-io.js';

const TARGETS = ['  - { id: b1, instance: i-0123456789abcdef0 }', '  - { id: g1, instance: i-0123456789abcdef1 }'];
const plain = variant({});

/** The plain scenario with two groups of one target each. */
function written(groups: string): string {
  const lines = plain.split('\n');
  const from = lines.findIndex((line) => line.startsWith('targets:'));
  const to = lines.findIndex((line, i) => i > from && !/^ {2}/.test(line));
  const text = [...lines.slice(0, from + 1), ...TARGETS, ...lines.slice(to)].join('\n');
  return text.replace(/^rollout:\n/m, `rollout:\n  strategy: blue-green\n${groups}`);
}
const lineOf = (text: string, part: string): [number, number] => {
  const lines = text.split('\n');
  const line = lines.findIndex((each) => each.includes(part));
  return [line + 1, (lines[line] ?? '').indexOf(part) + 1];
};

describe('blue-green in a scenario', () => {
  it('has two groups, and keeps blue by default', () => {
    const { scenario } = load(written('  blueGreen: { green: [g1], blue: [b1] }\n'));
    expect(scenario.rollout).toMatchObject({
      strategy: 'blue-green',
      blueGreen: { green: ['g1'], blue: ['b1'], retire: 'keep' },
    });
    const rolling = written('  blueGreen: { green: [g1], blue: [b1] }\n').replace('blue-green', 'rolling');
    expect(load(rolling).scenario.rollout.strategy).toBe('rolling');
  });
});

const both = written('  blueGreen: { green: [g1, b1], blue: [b1] }\n');
const stranger = written('  blueGreen: { green: [g1], blue: [b1, b9] }\n');
const forgotten = written('  blueGreen: { green: [g1], blue: [g1] }\n');
const BAD: readonly Bad[] = [
  {
    what: 'no groups',
    text: written(''),
    at: lineOf(written(''), 'blue-green'),
    path: 'rollout.strategy',
    message: /needs its two groups/,
    hint: /blueGreen/,
  },
  {
    what: 'a target in both groups',
    text: both,
    at: [lineOf(both, 'blueGreen')[0], lineOf(both, 'blue: [b1]')[1] + 7],
    path: 'rollout.blueGreen.blue[0]',
    message: /named twice/,
    hint: /either green or blue/,
  },
  {
    what: 'a stranger',
    text: stranger,
    at: lineOf(stranger, 'b9'),
    path: 'rollout.blueGreen.blue[1]',
    message: /no target "b9"/,
    hint: /targets/,
  },
  {
    what: 'a target in neither group',
    text: forgotten,
    at: lineOf(forgotten, 'b1,'),
    path: 'targets[0].id',
    message: /neither green nor blue/,
    hint: /blueGreen/,
    problems: 2,
  },
];
describe('blue-green that cannot be', () => itRefuses(BAD));
