import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadScenario } from '../../src/config/load.js';
import { DRIVES, plainRun } from './drives.js';
import { type Outcome, surprises } from './outcome.js';
import { type MatrixRow, matrixTable } from './table.js';

const SCENARIOS = fileURLToPath(new URL('../../scenarios/matrix/', import.meta.url));
const DOC = fileURLToPath(new URL('../../docs/detection-matrix.md', import.meta.url));
const ROUNDS = Number(process.env.MATRIX_ROUNDS ?? 1);
const ONLY = new RegExp(process.env.MATRIX_ONLY ?? '^S');
/** Variables that only a started lab can fill; to read what a file expects any value does. */
const ANY_LAB = { LAB_ENDPOINT: 'http://127.0.0.1:1', LAB_NODE_1: '127.0.0.1:1', LAB_NODE_2: '127.0.0.1:2' };

const out = mkdtempSync(join(tmpdir(), 'rollproof-matrix-'));
const names = readdirSync(SCENARIOS)
  .filter((f) => /^S\d+\w*-.*\.yaml$/.test(f))
  .map((f) => f.replace('.yaml', ''))
  .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  .filter((name) => ONLY.test(name));
const ends = new Map<string, Outcome[]>();

function scenarioOf(name: string) {
  const file = join(SCENARIOS, `${name}.yaml`);
  const { scenario } = loadScenario(file, { readFile: (p) => readFileSync(p, 'utf8'), env: ANY_LAB });
  if (scenario.expect === null) throw new Error(`${file} has no expect block`);
  if (scenario.name !== name) throw new Error(`${file} is named ${scenario.name}`);
  return { file, description: scenario.description, expect: scenario.expect };
}

describe('detection matrix', () => {
  for (let round = 1; round <= ROUNDS; round++) {
    it.concurrent.each(names)(`round ${round}: %s`, async (name) => {
      const { file, expect: end } = scenarioOf(name);
      const seen = await (DRIVES[name] ?? plainRun)({ file, folder: join(out, `${name}-${round}`) });
      ends.set(name, [...(ends.get(name) ?? []), seen]);
      expect(surprises(end, seen), seen.said).toEqual([]);
    });
  }
});

afterAll(() => {
  if (process.env.MATRIX_KEEP === undefined) rmSync(out, { recursive: true, force: true });
  const rows = names.flatMap((name): MatrixRow[] => {
    const seen = ends.get(name) ?? [];
    const { description, expect: end } = scenarioOf(name);
    const asExpected = seen.filter((o) => surprises(end, o).length === 0).length;
    return seen.length === 0 ? [] : [{ name, description, expect: end, seen, asExpected }];
  });
  const table = matrixTable(rows);
  process.stdout.write(`\n${table}\n`);
  if (process.env.MATRIX_WRITE !== undefined) writeFileSync(DOC, pageOf(table));
});

function pageOf(table: string): string {
  return `# Detection matrix

Every fault a rolling deploy is known to meet, played against the lab by the built program: \`npm run matrix\`. The files
are scenarios/matrix/; each says itself how it must end (\`expect:\`), and CI runs them all. This page is written by
\`MATRIX_WRITE=1 MATRIX_ROUNDS=${ROUNDS} npm run matrix\`: ${ROUNDS} ${ROUNDS === 1 ? 'round' : 'rounds in a row'}.

\`REFUSED\` means that nothing was touched: preflight or the lock said no (exit 3).

${table}`;
}
