import type { ScenarioIo } from '../../src/config/inheritance.js';
import { type LoadedScenario, loadScenario } from '../../src/config/load.js';
import { ScenarioProblems } from '../../src/config/problem.js';

/** Files in memory; any other path does not exist. */
export function memoryIo(
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>> = {},
): ScenarioIo {
  return {
    env,
    readFile(path) {
      const text = files[path];
      if (text === undefined)
        throw Object.assign(new Error(`ENOENT: no such file, open '${path}'`), { code: 'ENOENT' });
      return text;
    },
  };
}

/** Loads text that must be fine. */
export function load(text: string, env: Readonly<Record<string, string>> = {}): LoadedScenario {
  return loadScenario('s.yaml', memoryIo({ 's.yaml': text }, env));
}

/** Loads what must be refused and returns the refusal. */
export function refusal(
  files: string | Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): ScenarioProblems {
  const all = typeof files === 'string' ? { 's.yaml': files } : files;
  const main = Object.keys(all)[0] ?? 's.yaml';
  try {
    loadScenario(main, memoryIo(all, env));
  } catch (error) {
    if (error instanceof ScenarioProblems) return error;
    throw error;
  }
  throw new Error('the scenario was accepted');
}

/** The smallest scenario that loads; every line can be replaced by a test. */
export const GOOD_LINES = [
  'name: shop', // 1
  'service:', // 2
  '  url: http://lab.local/', // 3
  'balancer:', // 4
  '  kind: lab', // 5
  'targets:', // 6
  '  - { id: a, instance: i-1 }', // 7
  '  - { id: b, instance: i-2 }', // 8
  'rollout:', // 9
  '  version: v2', // 10
  '  deploy: none', // 11
  'traffic:', // 12
  '  rate: 200/s', // 13
] as const;

/** The small scenario with lines replaced (by number, from 1) and more lines added at the end. */
export function variant(replace: Readonly<Record<number, string>> = {}, more: readonly string[] = []): string {
  return [...GOOD_LINES.map((line, index) => replace[index + 1] ?? line), ...more, ''].join('\n');
}
