import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { sweptVariants } from '../../src/cli/compare-variants.js';
import { programFor } from '../../src/cli/program.js';
import { resolveArguments, resolveOverrides } from '../../src/cli/resolve-option.js';
import { loadScenario } from '../../src/config/load.js';
import { ScenarioProblems } from '../../src/config/problem.js';
import { memoryIo, variant } from '../config/memory-io.js';
import { fakeIo } from '../support/fake-io.js';

const text = variant({
  3: '  url: http://shop.test/',
  13: '  rate: 200/s\n  resolve: { shop.test: ["10.0.0.9"], other.test: ["10.0.0.8"] }',
});
const load = (...given: string[]) => loadScenario('s.yaml', memoryIo({ 's.yaml': text }), resolveOverrides(given));

describe('--resolve', () => {
  it('lays the addresses of a host over those of the scenario, and leaves other hosts alone', () => {
    const { resolve } = load('Shop.test:10.0.0.1,10.0.0.2:8080', 'shop.test:[2001:db8::1]:443,::1').scenario.traffic;
    expect(resolve).toEqual({
      'shop.test': ['10.0.0.1', '10.0.0.2:8080', '[2001:db8::1]:443', '::1'],
      'other.test': ['10.0.0.8'],
    });
    expect(load().scenario.traffic.resolve['shop.test']).toEqual(['10.0.0.9']);
  });
  it('is there on every command that sends the traffic or shares its scenario, and can be typed again', () => {
    const below = (command: Command, path = ''): readonly [string, Command][] => [
      [path.trim(), command],
      ...command.commands.flatMap((child) => below(child, `${path} ${child.name()}`)),
    ];
    const has = below(programFor(fakeIo().io, () => undefined)).filter(([, c]) =>
      c.options.some((o) => o.long === '--resolve'),
    );
    const steps = ['preflight', 'traffic start', 'stage', 'detach', 'deploy', 'attach'];
    expect(has.map(([path]) => path).sort()).toEqual(['run', 'watch', 'compare', 'traffic worker', ...steps].sort());
    expect(resolveArguments({ resolve: ['a:1.2.3.4', 'b:::1'] })).toEqual([
      '--resolve',
      'a:1.2.3.4',
      '--resolve',
      'b:::1',
    ]);
    expect(resolveArguments({})).toEqual([]);
    const lab = fileURLToPath(new URL('../../scenarios/lab.yaml', import.meta.url));
    const studied = sweptVariants(lab, { sleep: '1s,2s', resolve: ['shop.test:10.0.0.1'] }, { env: {} });
    expect(studied.map(({ scenario }) => scenario.traffic.resolve['shop.test'])).toEqual([['10.0.0.1'], ['10.0.0.1']]);
  });
  it('refuses another form, and what is no address like anything in the scenario', () => {
    for (const bad of ['shop.test', 'shop.test:', ':10.0.0.1', 'shop.test:10.0.0.1,', 'a b:10.0.0.1'])
      expect(() => resolveOverrides([bad]), bad).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }));
    const told = () => load('shop.test:10.0.0.1,somewhere');
    expect(told).toThrow(ScenarioProblems);
    expect(told).toThrow(/--resolve:1:\d+ .*"somewhere" is not an address/);
  });
});
