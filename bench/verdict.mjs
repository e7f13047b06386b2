// The verdict against simulated runs whose truth is known: confusion matrix, coverage of the intervals, attribution.
// usage: node bench/verdict.mjs [--runs N] [--from I] [--seed S] [--only kind[,kind]]    (needs dist/; no sockets, no clock)
//          [--json FILE]       keeps each kind's numbers there as it goes; begun again, it goes on where it stopped
//          [--markdown PAGE]   writes the tables into the page, between <!-- study --> and <!-- /study -->
//        node bench/verdict.mjs --merge FILE,FILE [--markdown PAGE]     adds up pieces: other kinds, or other runs (--from)
//        node bench/verdict.mjs --only KIND --seed S --run I            shows one run
// Exit 1 when a demand is broken.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { analyze } from '../dist/analyze.js';
import { asMarkdown, asText, tablesOf } from './verdict-tables.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = new URL('../dist/', import.meta.url).href;
const CACHE = join(ROOT, 'node_modules/.cache/rollproof-verdict');
const SHOWN_RUNS = 8;
/** Whatever can change a verdict or a simulated run. */
const JUDGES = [
  'dist/analyze.js',
  'dist/stats',
  'dist/evidence',
  'dist/checks',
  'dist/traffic/arrivals.js',
  'test/simulation',
];

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    run: { type: 'string' },
    json: { type: 'string' },
    merge: { type: 'string' },
    markdown: { type: 'string' },
  },
});
const [seed, runs, from] = [values.seed, values.runs, values.from].map(wholeNumber);
const simulator = await compiledSimulator();
const wanted = values.only?.split(',') ?? simulator.KINDS.map(({ name }) => name);
const strangers = wanted.filter((name) => !simulator.KINDS.some((kind) => kind.name === name));
if (strangers.length > 0)
  throw new Error(`no kind ${strangers.join(', ')}; there are ${simulator.KINDS.map((k) => k.name).join(', ')}`);
const kinds = simulator.KINDS.filter(({ name }) => wanted.includes(name));
if (values.run !== undefined) for (const kind of kinds) show(kind, wholeNumber(values.run));
else if (values.merge !== undefined) tell(values.merge.split(',').flatMap(readPieces));
else study();

function wholeNumber(text) {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 0) throw new Error(`not a whole number: ${text}`);
  return n;
}

/** The simulator is TypeScript beside the tests; types off, the product's modules taken from dist/. */
async function compiledSimulator() {
  const sources = readdirSync(join(ROOT, 'test/simulation'))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => `test/simulation/${name}`);
  for (const source of [...sources, 'test/runs/fact-builder.ts']) {
    const { outputText } = ts.transpileModule(readFileSync(join(ROOT, source), 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    });
    const file = join(CACHE, source.replace(/\.ts$/, '.mjs'));
    mkdirSync(dirname(file), { recursive: true });
    const local = outputText.replace(/(from\s+['"]\.[^'"]*)\.js(['"])/g, '$1.mjs$2');
    writeFileSync(file, local.replace(/(from\s+['"])\.\.\/\.\.\/src\/([^'"]*)\.mjs(['"])/g, `$1${DIST}$2.js$3`));
  }
  const load = (name) => import(join(CACHE, `test/simulation/${name}.mjs`));
  const parts = await Promise.all(['kinds', 'study', 'demands', 'pieces'].map(load));
  return Object.assign({}, ...parts);
}

function study() {
  const code = codeDigest();
  const pieces = values.json !== undefined && existsSync(values.json) ? readPieces(values.json) : [];
  for (const kind of kinds) {
    const isDone = (p) =>
      p.kind === kind.name && p.code === code && p.seed === seed && p.from === from && p.runs === runs;
    if (pieces.some(isDone)) continue;
    const began = process.hrtime.bigint();
    pieces.push(simulator.pieceOf(simulator.studyOf(kind, seed, runs, analyze, from), seed, code));
    const ms = Number(process.hrtime.bigint() - began) / 1e6 / runs;
    console.error(`${kind.name}: ${runs} runs, ${ms.toFixed(1)} ms each`);
    if (values.json !== undefined) keep(values.json, pieces);
  }
  tell(pieces.filter((piece) => kinds.some(({ name }) => name === piece.kind)));
}

/** Whole or not at all: a study that is stopped goes on from the last kind. */
function keep(file, pieces) {
  writeFileSync(`${file}.new`, `${JSON.stringify(pieces)}\n`);
  renameSync(`${file}.new`, file);
}

function readPieces(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function codeDigest() {
  const hash = createHash('sha256');
  const add = (path) => {
    const isFile = /\.(js|ts)$/.test(path);
    if (isFile && !path.endsWith('.d.ts') && !path.endsWith('.test.ts'))
      hash.update(path).update(readFileSync(join(ROOT, path)));
    else if (!isFile && !/\.\w+$/.test(path))
      for (const name of readdirSync(join(ROOT, path)).sort()) add(`${path}/${name}`);
  };
  for (const path of JUDGES) add(path);
  return hash.digest('hex').slice(0, 16);
}

function tell(pieces) {
  if (pieces.length === 0) throw new Error('no runs');
  const reports = simulator.reportsOf(pieces);
  const tables = tablesOf(reports, simulator);
  for (const table of tables) console.log(`${asText(table)}\n`);
  if (values.markdown !== undefined) writeInto(values.markdown, pieces[0], tables);
  const broken = reports.flatMap((report) => simulator.brokenDemands(report).map((b) => [report.kind.name, b]));
  for (const [name, { what, runs: offenders }] of broken) {
    const shown = offenders.slice(0, SHOWN_RUNS).join(', ');
    console.log(`BROKEN ${name}: ${what}; see --seed ${pieces[0].seed} --only ${name} --run ${shown}`);
  }
  console.log(broken.length === 0 ? 'every requirement holds' : `${broken.length} requirements are broken`);
  process.exitCode = broken.length === 0 ? 0 : 1;
}

function writeInto(page, piece, tables) {
  const text = readFileSync(page, 'utf8');
  const marks = /(<!-- study -->\n)[\s\S]*?(\n<!-- \/study -->)/;
  if (!marks.test(text)) throw new Error(`${page} has no place between <!-- study --> and <!-- /study -->`);
  const body = [`Seed ${piece.seed}, code ${piece.code}.`, ...tables.map(asMarkdown)].join('\n\n');
  writeFileSync(
    page,
    text.replace(marks, (_all, open, close) => `${open}${body}\n${close}`),
  );
}

function show(kind, run) {
  const { truth, result } = simulator.oneRun(kind, seed, run, analyze);
  const { verdict, claims, outages, counts, replacements } = result;
  const brief = outages.slice(0, SHOWN_RUNS).map(({ causes, ...outage }) => ({
    ...outage,
    causes: causes.map((cause) => `${cause.code} ${cause.score.toFixed(2)} ${cause.target}: ${cause.sentence}`),
  }));
  console.dir({ kind: kind.name, run, truth, verdict, claims, counts, outages: brief, replacements }, { depth: 5 });
}
