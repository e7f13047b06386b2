// Breaks the judgement in one place at a time and lists what no test notices. The work tree is never written.
// usage: node bench/mutation.mjs [--only PATH[,PATH]] [--sample N] [--seed S] [--minutes M] [--tests FILE[,FILE]]
//                                [--state FILE] [--json] [--root DIR]
//        PATH is a file or folder; --sample takes N mutants at random; --minutes ends early, and the same --state FILE
//        goes on where it ended. Exit 1 when something survives that docs/mutation.md does not explain.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Runner } from './mutation/runner.mjs';
import { mutantsOf } from './mutation/sites.mjs';
import { testsFor } from './mutation/tests-for.mjs';

const { values } = parseArgs({
  options: {
    root: { type: 'string', default: fileURLToPath(new URL('..', import.meta.url)) },
    only: { type: 'string', default: 'src/checks,src/stats,src/evidence,src/pipeline/safety' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    tests: { type: 'string' },
    state: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const ROOT = resolve(values.root);

await main();

async function main() {
  const files = values.only.split(',').flatMap((path) => filesUnder(join(ROOT, path)));
  const all = files.flatMap((file) => mutantsOf(file, readFileSync(file, 'utf8')).map((mutant) => ({ file, mutant })));
  const chosen = values.sample === undefined ? all : sampled(all, Number(values.sample), Number(values.seed));
  const done = readState();
  const until = values.minutes === undefined ? Number.POSITIVE_INFINITY : performance.now() + values.minutes * 60_000;
  const runner = new Runner(ROOT);
  try {
    await untouchedPasses(runner, new Set(chosen.map(({ file }) => file)));
    for (const [index, { file, mutant }] of chosen.entries()) {
      const key = keyOf(file, mutant);
      if (done.has(key)) continue;
      if (performance.now() > until) break;
      done.set(key, await runner.fate(file, mutant, stagesFor(file)));
      if (values.state !== undefined) writeFileSync(values.state, JSON.stringify([...done], null, 1));
      if (!values.json) progress(index + 1, chosen.length, key, done.get(key));
    }
  } finally {
    runner.end();
  }
  report(chosen, done);
}

function filesUnder(path) {
  if (!existsSync(path)) throw new Error(`--only: ${path} does not exist`);
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .sort()
    .map((name) => join(path, name));
}

/** Names a mutant by its place and its change; a source that changed has other mutants. */
function keyOf(file, { line, column, was, text, what }) {
  const short = was.length > 60 ? `${was.slice(0, 57)}...` : was;
  return `${relative(ROOT, file)}:${line}:${column} ${what}: ${short.replace(/\s+/g, ' ')} -> ${text.replace(/\s+/g, ' ').slice(0, 60)}`;
}

function sampled(list, count, seed) {
  let state = seed >>> 0;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const keyed = list.map((item, index) => ({ item, index, order: random() }));
  const kept = keyed.sort((a, b) => a.order - b.order).slice(0, count);
  return kept.sort((a, b) => a.index - b.index).map(({ item }) => item);
}

function readState() {
  if (values.state === undefined || !existsSync(values.state)) return new Map();
  return new Map(JSON.parse(readFileSync(values.state, 'utf8')));
}

function stagesFor(file) {
  return values.tests === undefined ? testsFor(relative(ROOT, file)) : [values.tests.split(',')];
}

/** Tests that fail without any mutant would kill them all. */
async function untouchedPasses(runner, files) {
  const stages = new Map([...files].flatMap((file) => stagesFor(file)).map((tests) => [tests.join(), tests]));
  for (const tests of stages.values()) {
    if (!(await runner.passesUntouched(tests))) throw new Error(`these fail without any mutant: ${tests.join(' ')}`);
  }
}

function progress(number, of, key, fate) {
  if (fate !== 'killed') console.log(`${number}/${of} ${fate} ${key}`);
}

/** Survivors that docs/mutation.md explains: its table names each by its key, without line and column, bars escaped. */
function explained() {
  const page = join(ROOT, 'docs/mutation.md');
  const text = existsSync(page) ? readFileSync(page, 'utf8') : '';
  return (key) => text.includes(`| \`${placeless(key).replaceAll('|', '\\|')}\` |`);
}

function placeless(key) {
  return key.replace(/:\d+:\d+ /, ' ');
}

function report(chosen, done) {
  const isExplained = explained();
  const keys = chosen.map(({ file, mutant }) => keyOf(file, mutant));
  const by = (fate) => keys.filter((key) => done.get(key) === fate);
  const survivors = by('survived').map((key) => ({ mutant: key, explained: isExplained(key) }));
  const counts = {
    mutants: keys.length,
    killed: by('killed').length,
    hung: by('hung').length,
    survived: survivors.length,
  };
  const left = keys.length - counts.killed - counts.hung - counts.survived;
  if (values.json) console.log(JSON.stringify({ ...counts, left, survivors }, null, 1));
  else {
    console.log(
      `${counts.mutants} mutants: ${counts.killed} killed, ${counts.hung} hung, ${counts.survived} survived, ${left} not run`,
    );
    for (const { mutant, explained: known } of survivors) console.log(`${known ? 'explained' : 'SURVIVED '} ${mutant}`);
  }
  process.exitCode = survivors.every((survivor) => survivor.explained) ? 0 : 1;
}
