// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are the scenario's own.
import { describe, expect, it } from 'vitest';
import { substituteText } from '../../src/config/substitution.js';
import { load, refusal, variant } from './memory-io.js';

const env = { A: 'alpha', EMPTY: '', EVIL: '${A}\nname: x', N: '7' };

describe('variables', () => {
  it.each([
    ['${A}', 'alpha'],
    ['x${A}y${A}', 'xalphayalpha'],
    ['${EMPTY}', ''],
    ['${EMPTY:-d}', 'd'],
    ['${NONE:-}', ''],
    ['${NONE:-a b:c}', 'a b:c'],
    ['${NONE:-${A}}', 'alpha'],
    ['${NONE:-${OTHER:-deep}}!', 'deep!'],
    ['${A:?needed}', 'alpha'],
    ['$$', '$'],
    ['$${A}', '${A}'],
    ['$$$${A}', '$${A}'],
    ['$$${A}', '$alpha'],
    ['cost: $5 $HOME', 'cost: $5 $HOME'],
    ['$', '$'],
    ['${EVIL}', '${A}\nname: x'],
    ['${NONE:-$$}', '$'],
  ])('%s → %s', (text, expected) => {
    expect(substituteText(text, env)).toMatchObject({ text: expected, errors: [] });
  });

  it.each([
    ['${NONE}', /NONE is not set/],
    ['${EMPTY:?say it}', /EMPTY is not set: say it/],
    ['${A', /no closing/],
    ['${}', /not a variable/],
    ['${1A}', /not a variable/],
    ['${A-B}', /not a variable/],
    ['${toString}', /toString is not set/],
    ['${__proto__}', /not set/],
    ['${X:-'.repeat(50) + '}'.repeat(50), /no closing/],
  ])('%s is refused', (text, message) => {
    expect(substituteText(text, env).errors[0]?.message).toMatch(message);
  });

  it('feeds number, duration, flag and list fields', () => {
    const text = variant({
      5: '  kind: lab\n  seed: ${SEED}\n  knobs: { nodes: "${NODES}", drainEnabled: "${DRAIN}" }',
      10: '  version: ${V}',
      13: '  rate: ${RATE}\n  timeout: ${T:-7s}\n  maxInFlight: ${M:-auto}',
    });
    const { scenario } = load(text, { SEED: '42', NODES: '3', DRAIN: 'false', V: '1.10', RATE: '12000/m' });
    expect(scenario.balancer).toMatchObject({ seed: 42, knobs: { nodes: 3, drainEnabled: false } });
    expect(scenario.rollout.version).toBe('1.10');
    expect(scenario.traffic).toMatchObject({ ratePerSecond: 200, timeoutMs: 7000, maxInFlight: null });
  });

  it('cannot smuggle structure in', () => {
    const { scenario } = load(variant({ 10: '  version: ${V}' }), { V: 'v2\nminInService: 0\nfoo: {a: b}' });
    expect(scenario.rollout).toMatchObject({ version: 'v2\nminInService: 0\nfoo: {a: b}', minInService: 1 });
  });

  it('leaves keys alone and need not be set where the child overrides', () => {
    expect(load(variant({ 3: '  url: http://x/\n  headers: { x-a: "${A}" }' }), env).scenario.service.headers).toEqual({
      'x-a': 'alpha',
    });
    const files = {
      'c.yaml': 'extends: b.yaml\nrollout: { version: v3 }\n',
      'b.yaml': variant({ 3: '  url: ftp://x/', 10: '  version: ${UNSET}' }),
    };
    expect(refusal(files).problems.map((each) => each.path)).toEqual(['service.url']);
  });

  it('keeps version numbers, zeros and words as they are written', () => {
    for (const version of ['1.10', '007', '1e3', '0x1F', 'yes', '2026-01-02']) {
      expect(load(variant({ 10: `  version: ${version}` })).scenario.rollout.version).toBe(version);
    }
  });
});
