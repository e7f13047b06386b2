// The verdict against simulated runs whose truth is known: confusion matrix, coverage of the intervals, attribution.
// usage: node bench/verdict.mjs [--runs N] [--seed S] [--only kind[,kind]] [--run i]   (needs dist/; no sockets, no clock)
//        --run i shows one run instead of the study. Exit 1 when a demand is broken.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { analyze } from '../dist/analyze.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = new URL('../dist/', import.meta.url).href;
const CACHE = join(ROOT, 'node_modules/.cache/rollproof-verdict');
const SHOWN_RUNS = 8;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    run: { type: 'string' },
  },
});
const seed = Number(values.seed);
const simulator = await compiledSimulator();
const wanted = values.only?.split(',') ?? null;
const kinds = simulator.KINDS.filter((kind) => wanted === null || wanted.includes(kind.name));
if (kinds.length === 0) throw new Error(`no such kind; there are ${simulator.KINDS.map((k) => k.name).join(', ')}`);
if (values.run === undefined) study(Number(values.runs));
else for (const kind of kinds) show(kind, Number(values.run));

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
  const [kindTable, studies, demands] = await Promise.all([load('kinds'), load('study'), load('demands')]);
  return { ...kindTable, ...studies, ...demands };
}

function study(runs) {
  console.log(`${runs} runs of each kind, seed ${seed}\n`);
  console.log(row('kind', 'PASS', 'FAIL', 'INCONCL.', 'required', 'broken in'));
  const began = process.hrtime.bigint();
  const reports = kinds.map((kind) => {
    const report = simulator.studyOf(kind, seed, runs, analyze);
    const { PASS, FAIL, INCONCLUSIVE, ERROR } = report.verdicts;
    console.log(row(kind.name, PASS, FAIL, INCONCLUSIVE + ERROR, kind.demand ?? '(reported)', brokenIn(report)));
    return report;
  });
  printCoverage(reports);
  printAttribution(reports);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  console.log(`\n${(seconds / (runs * kinds.length)) * 1000} ms per run`.replace(/(\.\d\d)\d*/, '$1'));
  const broken = reports.flatMap((report) => simulator.brokenDemands(report).map((b) => [report.kind.name, b]));
  for (const [name, { what, runs: offenders }] of broken) {
    const shown = offenders.slice(0, SHOWN_RUNS).join(', ');
    console.log(`BROKEN ${name}: ${what}; see --seed ${seed} --only ${name} --run ${shown}`);
  }
  console.log(broken.length === 0 ? 'every requirement holds' : `${broken.length} requirements are broken`);
  process.exitCode = broken.length === 0 ? 0 : 1;
}

function brokenIn({ kind, wrong, demanded }) {
  return kind.demand === null ? '' : `${wrong.length} of ${demanded}`;
}

function row(name, pass, fail, inconclusive, required, wrong) {
  const numbers = [pass, fail, inconclusive].map((n) => String(n).padStart(9)).join('');
  return `${name.padEnd(19)}${numbers}  ${String(required).padEnd(40)}${wrong}`;
}

function percent({ held, of }) {
  return of === 0 ? 'none' : `${((100 * held) / of).toFixed(2)} % of ${of}`;
}

function printCoverage(reports) {
  const measured = reports.filter((report) => report.coverage.size > 0);
  if (measured.length > 0) console.log('\ncoverage of the intervals');
  for (const { kind, coverage } of measured) {
    for (const [name, share] of coverage) {
      const nominal = `nominal ${(100 * simulator.NOMINAL[name]).toFixed(1)} %`;
      console.log(`${kind.name.padEnd(19)}${name.padEnd(22)}${percent(share).padEnd(22)}${nominal}`);
    }
  }
}

function printAttribution(reports) {
  const caused = reports.filter((report) => report.attribution.of > 0);
  if (caused.length > 0) console.log('\nfirst-ranked cause, of the runs in which something failed');
  for (const { kind, attribution, causes } of caused) {
    const found = [...causes].sort((a, b) => b[1] - a[1]).map(([code, n]) => `${code} ${n}`);
    const right = kind.cause ?? 'none of the deploy';
    console.log(
      `${kind.name.padEnd(19)}${right.padEnd(23)}${percent(attribution).padEnd(20)}(seen: ${found.join(', ')})`,
    );
  }
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
