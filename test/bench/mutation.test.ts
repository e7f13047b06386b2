import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../bench/mutation.mjs', import.meta.url));
const FIXTURE = fileURLToPath(new URL('fixture', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'rollproof-mutation-'));
afterAll(() => rmSync(home, { recursive: true }));

function mutate(...args: string[]) {
  const fixed = [SCRIPT, '--root', FIXTURE, '--only', 'limit.ts', '--tests', 'limit.test.ts', '--json'];
  const run = spawnSync(process.execPath, [...fixed, ...args], { encoding: 'utf8' });
  return { status: run.status, result: JSON.parse(run.stdout), stderr: run.stderr };
}

it('kills what the tests notice, lists what they do not, goes on where it ended, and leaves the source alone', () => {
  const source = readFileSync(join(FIXTURE, 'limit.ts'), 'utf8');
  const state = join(home, 'state.json');
  expect(mutate('--state', state, '--minutes', '0').result).toMatchObject({ mutants: 7, killed: 0, left: 7 });
  const { status, result } = mutate('--state', state);
  expect(result).toMatchObject({ mutants: 7, killed: 5, hung: 0, survived: 2, left: 0 });
  expect(result.survivors.map((s: { mutant: string }) => s.mutant)).toEqual([
    'limit.ts:8:16 operator: count > 0 -> >=',
    'limit.ts:8:18 constant: count > 0 -> 1',
  ]);
  expect(status).toBe(1);
  expect(mutate('--state', state).result).toEqual(result);
  expect(readFileSync(join(FIXTURE, 'limit.ts'), 'utf8')).toBe(source);
  const once = mutate('--sample', '3', '--seed', '7', '--minutes', '0').result;
  expect(once).toMatchObject({ mutants: 3, left: 3 });
}, 120_000);
