import { describe, expect, it } from 'vitest';
import { resolveOverrides } from '../../src/cli/resolve-option.js';
import { loadScenario } from '../../src/config/load.js';
import { ScenarioProblems } from '../../src/config/problem.js';
import { memoryIo, variant } from '../config/memory-io.js';

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
  it('refuses another form, and what is no address like anything in the scenario', () => {
    for (const bad of ['shop.test', 'shop.test:', ':10.0.0.1', 'shop.test:10.0.0.1,', 'a b:10.0.0.1'])
      expect(() => resolveOverrides([bad]), bad).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }));
    const told = () => load('shop.test:10.0.0.1,somewhere');
    expect(told).toThrow(ScenarioProblems);
    expect(told).toThrow(/--resolve:1:\d+ .*"somewhere" is not an address/);
  });
});
