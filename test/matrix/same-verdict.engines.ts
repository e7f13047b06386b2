import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadScenario } from '../../src/config/load.js';
import { EXIT } from '../../src/domain/errors.js';
import { runWith } from './drives.js';
import { cellOf, ENGINES, type EngineColumn, enginesPage, knownCells, OTHERWISE, withCell } from './engines-table.js';
import { surprises } from './outcome.js';

const SCENARIOS = fileURLToPath(new URL('../../scenarios/matrix/', import.meta.url));
const DOC = fileURLToPath(new URL('../../docs/engines-matrix.md', import.meta.url));
const ONLY = new RegExp(process.env.MATRIX_ONLY ?? '^S');
const CHOSEN = (process.env.MATRIX_ENGINES ?? ENGINES.map((e) => e.id).join()).split(',');
/** About the engine of the deploy and its surroundings: the verdict is reached without or whatever the traffic. */
const NOT_ABOUT_TRAFFIC = /^S(17|18|19|20|21)-/;

const out = mkdtempSync(join(tmpdir(), 'rollproof-engines-'));
const names = readdirSync(SCENARIOS)
  .filter((f) => /^S\d+\w*-.*\.yaml$/.test(f))
  .map((f) => f.replace('.yaml', ''))
  .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  .filter((name) => !NOT_ABOUT_TRAFFIC.test(name));
const engines = ENGINES.filter((e) => CHOSEN.includes(e.id));
let cells = knownCells(DOC);

/** The row's own file with nothing changed but who fires, in a file that builds on it. */
function fileFor(name: string, engine: EngineColumn): string {
  mkdirSync(join(out, `${name}-${engine.id}`), { recursive: true });
  const file = join(out, `${name}-${engine.id}`, 'scenario.yaml');
  const lines = [`extends: ${join(SCENARIOS, `${name}.yaml`)}`, `name: ${name}`, ...engine.lines];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

function expectedOf(name: string) {
  const file = join(SCENARIOS, `${name}.yaml`);
  const { scenario } = loadScenario(file, { readFile: (p) => readFileSync(p, 'utf8'), env: {} });
  if (scenario.expect === null) throw new Error(`${file} has no expect block`);
  return { description: scenario.description, expect: scenario.expect };
}

describe('the same verdict through every engine', () => {
  for (const engine of engines) {
    it.concurrent.each(names.filter((name) => ONLY.test(name)))(`${engine.id}: %s`, async (name) => {
      const seen = await runWith(engine.options ?? [])({
        file: fileFor(name, engine),
        folder: join(out, `${name}-${engine.id}`),
      });
      // A missing tool says nothing about the engine: what was found out before stays.
      if (seen.exitCode !== EXIT.unavailable) cells = withCell(cells, name, engine.id, cellOf(seen));
      const { expect: end } = expectedOf(name);
      const otherwise = OTHERWISE[name]?.[engine.id];
      if (otherwise === undefined) expect(surprises(end, seen), seen.said).toEqual([]);
      else expect(otherwise.ends, seen.said).toContain(seen.verdict);
    });
  }
});

afterAll(() => {
  if (process.env.MATRIX_KEEP === undefined) rmSync(out, { recursive: true, force: true });
  const rows = names.map((name) => ({ name, ...expectedOf(name) }));
  const page = enginesPage(rows, cells);
  process.stdout.write(`\n${page}\n`);
  if (process.env.MATRIX_WRITE !== undefined) writeFileSync(DOC, page);
});
