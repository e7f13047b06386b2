import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scenarioJsonSchema } from '../../src/config/schema.js';
import { closest, editDistance } from '../../src/config/suggestion.js';
import { refusal, variant } from './memory-io.js';

/** Maps of the file format that a test can put one more key into: path → how to write it. */
const PLACES: Readonly<Record<string, (key: string) => string>> = {
  '': (key) => variant({}, [`${key}: x`]),
  service: (key) => variant({ 3: `  url: http://x/\n  ${key}: x` }),
  balancer: (key) => variant({ 5: `  kind: lab\n  ${key}: x` }),
  'balancer.knobs': (key) => variant({ 5: `  kind: lab\n  knobs:\n    ${key}: x` }),
  rollout: (key) => variant({ 10: `  version: v2\n  ${key}: x` }),
  'rollout.sleep': (key) => variant({ 10: `  version: v2\n  sleep:\n    ${key}: x` }),
  traffic: (key) => variant({ 13: `  rate: 200/s\n  ${key}: x` }),
  'traffic.lanes': (key) => variant({ 13: `  rate: 200/s\n  lanes:\n    ${key}: x` }),
  policy: (key) => variant({}, ['policy:', `  ${key}: x`]),
  'policy.gates': (key) => variant({}, ['policy:', '  gates:', `    ${key}: x`]),
};

type Schema = {
  readonly properties?: Record<string, Schema>;
  readonly anyOf?: readonly Schema[];
  readonly const?: string;
};

function validKeys(path: string): readonly string[] {
  let schemas: Schema[] = [scenarioJsonSchema() as Schema];
  for (const part of path === '' ? [] : path.split('.')) {
    schemas = schemas
      .flatMap((schema) => schema.properties?.[part] ?? [])
      .flatMap((schema) => schema.anyOf ?? [schema]);
    // The test's balancer is the lab.
    schemas = schemas.filter(({ properties }) => part !== 'balancer' || properties?.kind?.const === 'lab');
  }
  return schemas.flatMap((schema) => Object.keys(schema.properties ?? {}));
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const edit = fc.record({
  kind: fc.constantFrom('insert', 'delete', 'replace', 'swap'),
  at: fc.nat(30),
  letter: fc.constantFrom(...LETTERS),
});

function apply(
  word: string,
  { kind, at, letter }: { readonly kind: string; readonly at: number; readonly letter: string },
): string {
  const i = at % Math.max(1, word.length);
  if (kind === 'insert') return word.slice(0, i) + letter + word.slice(i);
  if (kind === 'delete') return word.slice(0, i) + word.slice(i + 1);
  if (kind === 'replace') return word.slice(0, i) + letter + word.slice(i + 1);
  return word.slice(0, i) + (word[i + 1] ?? '') + (word[i] ?? '') + word.slice(i + 2);
}

describe('did you mean', () => {
  it('answers every typo of every key within two edits', () => {
    const keys = Object.keys(PLACES).flatMap((path) => validKeys(path).map((key) => [path, key] as const));
    expect(keys.length).toBeGreaterThan(80);
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.array(edit, { minLength: 1, maxLength: 2 }), ([path, key], edits) => {
        const typo = edits.reduce(apply, key);
        const valid = validKeys(path);
        fc.pre(typo !== '' && !valid.includes(typo) && /^[A-Za-z]+$/.test(typo) && !/^(null|true|false)$/i.test(typo));
        const { problems } = refusal(PLACES[path]?.(typo) ?? '');
        const problem = problems.find((each) => each.message.startsWith(`unknown key "${typo}"`));
        const guess = /did you mean (\w+)\?/.exec(problem?.hint ?? '')?.[1] ?? '';
        expect(valid, `${path} ${typo} ${problem?.hint}`).toContain(guess);
        expect(editDistance(typo.toLowerCase(), guess.toLowerCase())).toBeLessThanOrEqual(
          editDistance(typo.toLowerCase(), key.toLowerCase()),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('sees through case and separators, and keeps quiet about strangers', () => {
    expect(closest('after_detach', ['afterAttach', 'afterDetach'])).toBe('afterDetach');
    expect(closest('MIN-IN-SERVICE', ['minInService'])).toBe('minInService');
    expect(closest('completelyElse', ['name', 'targets'])).toBeNull();
    expect(closest('x'.repeat(100_000), ['name'])).toBeNull();
  });

  it('measures like Damerau and Levenshtein', () => {
    expect(editDistance('taregts', 'targets')).toBe(1);
    expect(editDistance('', 'abc')).toBe(3);
    expect(editDistance('deploy', 'deplyao')).toBe(2);
    expect(editDistance('kitten', 'sitting')).toBe(3);
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });
});
