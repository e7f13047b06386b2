// Studies whose truth is known: the simulation's deploys, and the seeded lab that tells what it drew.
// usage: node bench/compare.mjs [--simulate N] [--nodes 1,2] [--lab N [--parallel K] [--for SECONDS]] [--seed S]
//        [--keep DIR] [--write]   (needs dist/)
//        --lab N makes N studies in the real lab (N × 3 runs of about 25 s), K at a time. --keep DIR writes down each lab
//        study and each simulated row as it ends and makes none twice; --for begins no study after so long, so that the machine can be shared.
//        --write puts the tables into docs/compare.md. Exit 1 when a recommendation errs more often than stated or an
//        estimate is too far off, 75 when lab studies are left to do.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { analyze } from '../dist/analyze.js';
import { deployNeedMs } from '../dist/compare/run-needs.js';
import { runSummary } from '../dist/compare/run-summary.js';
import { readFacts } from '../dist/journal/facts.js';
import { binomialTailAtLeast } from '../dist/stats/binomial.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    simulate: { type: 'string', default: '200' },
    lab: { type: 'string', default: '0' },
    parallel: { type: 'string', default: '1' },
    keep: { type: 'string' },
    for: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: '1' },
    nodes: { type: 'string', default: '1,2' },
    write: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const ALPHA = 0.05;
const LIMIT = 0.35;
const REPEATS = 8;
const TRUTH_DEPLOYS = 500;
// Too short, sometimes too short, long enough for what bench/compare-lab.yaml needs.
const LAB_SLEEPS_MS = [1000, 1400, 2500];
const LAB_LIMIT = 0.95;
let failed = false;
if (Number(values.simulate) > 0) print('simulation', await simulated(Number(values.simulate)));
if (Number(values.lab) > 0) print('lab', await inLab(Number(values.lab), Number(values.parallel)));
if (failed) process.exitCode = 1;

async function simulated(studies) {
  const { accuracyOf, singleRun, truthReport } = await compiledStudies();
  const lines = [
    `Simulation: ${studies} studies per row, seed ${seed}; sleeps 300 to 900 ms × ${REPEATS} repeats, downtime wanted in at most ${LIMIT * 100} % of deploys (95 %).`,
    '',
    '| balancer nodes | true P(downtime) at 300, 450, 600, 750, 900 ms | recommended | too short | stated error ≤ | another cause suspected |',
    '|--:|---|--:|--:|--:|--:|',
  ];
  const singles = [];
  for (const nodes of values.nodes.split(',').map(Number)) {
    const file = `simulated-${nodes}-${studies}-${seed}.json`;
    const row = kept(file) ?? keep(file, simulatedRow(nodes, studies, { accuracyOf, singleRun, truthReport }));
    // Once in a million studies of studies by chance: more is no chance.
    if (binomialTailAtLeast(row.wrong, studies, ALPHA) < 1e-6) failed = true;
    lines.push(
      `| ${nodes} | ${row.truth.map((p) => `${(p * 100).toFixed(1)} %`).join(', ')} | ${row.recommended} of ${studies} | ${row.wrong} | ${Math.floor(ALPHA * studies)} | ${row.blocked} |`,
    );
    singles.push(...row.singles);
  }
  lines.push('', `One run with a sleep of 1.5 s, ${studies} times:`, '', ...accuracyTable(singles));
  return lines;
}

function simulatedRow(nodes, studies, { accuracyOf, singleRun, truthReport }) {
  const design = { sleepsMs: [300, 450, 600, 750, 900], repeats: REPEATS, limit: LIMIT, nodes, seed };
  const { truth, recommended, wrong, blocked } = truthReport(design, studies, TRUTH_DEPLOYS, analyze);
  const runs = Array.from({ length: studies }, (_, i) => singleRun(design, i, analyze));
  const singles = [0, 1].map((index) => ({ nodes, ...runs[0][index], ...accuracyOf(runs.map((r) => r[index])) }));
  return { truth, recommended, wrong: wrong.length, blocked, singles };
}

function accuracyTable(rows) {
  return [
    '| balancer nodes | need | true, median | error, median | allowed | estimate below the truth |',
    '|--:|---|--:|--:|--:|--:|',
    ...rows.map((r) => {
      const isOff = r.medianErrorMs > r.medianAllowedMs;
      if (isOff) failed = true;
      return `| ${r.nodes} | ${r.what} | ${r.medianTrueMs.toFixed(0)} ms | ${r.medianErrorMs.toFixed(0)} ms${isOff ? ' (too far)' : ''} | ${r.medianAllowedMs.toFixed(0)} ms | ${r.tooShort} |`;
    }),
  ];
}

/** The simulator is TypeScript beside the tests; types off, the product's modules taken from dist/. */
async function compiledStudies() {
  const cache = join(ROOT, 'node_modules/.cache/rollproof-compare');
  const world = readdirSync(join(ROOT, 'test/simulation')).filter((n) => n.endsWith('.ts') && !n.endsWith('.test.ts'));
  const sources = [
    ...world.map((n) => `test/simulation/${n}`),
    'test/runs/fact-builder.ts',
    'test/compare/truth-study.ts',
  ];
  for (const source of sources) {
    const { outputText } = ts.transpileModule(readFileSync(join(ROOT, source), 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    });
    const file = join(cache, source.replace(/\.ts$/, '.mjs'));
    mkdirSync(dirname(file), { recursive: true });
    const local = outputText.replace(/(from\s+['"]\.[^'"]*)\.js(['"])/g, '$1.mjs$2');
    const dist = new URL('../dist/', import.meta.url).href;
    writeFileSync(file, local.replace(/(from\s+['"])\.\.\/\.\.\/src\/([^'"]*)\.mjs(['"])/g, `$1${dist}$2.js$3`));
  }
  return import(join(cache, 'test/compare/truth-study.mjs'));
}

async function inLab(studies, parallel) {
  const rows = [];
  const began = Date.now();
  let next = 0;
  const worker = async () => {
    while (next < studies) {
      const study = next++;
      const file = `study-${seed + study}.json`;
      const done = kept(file);
      if (done !== null) rows.push(done);
      else if (Date.now() - began < Number(values.for) * 1000) rows.push(keep(file, await labStudy(study)));
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, parallel) }, worker));
  if (rows.length < studies) {
    console.error(`${rows.length} of ${studies} studies are done; the same command goes on`);
    process.exitCode = 75;
    return null;
  }
  return labTable(rows.sort((a, b) => a.study - b.study));
}

function kept(name) {
  if (values.keep === undefined || !existsSync(join(values.keep, name))) return null;
  return JSON.parse(readFileSync(join(values.keep, name), 'utf8'));
}

function keep(name, row) {
  if (values.keep === undefined) return row;
  mkdirSync(values.keep, { recursive: true });
  writeFileSync(join(values.keep, name), JSON.stringify(row));
  return row;
}

function labTable(rows) {
  const ms = (n) => (n === null ? '–' : `${n.toFixed(0)} ms`);
  const ascending = (list) => list.sort((a, b) => a - b);
  // An estimate that was not made is as far off as can be.
  const errors = ascending(
    rows.map((r) =>
      r.estimateMs === null || r.trueMs === null ? Number.POSITIVE_INFINITY : Math.abs(r.estimateMs - r.trueMs),
    ),
  );
  const allowed = ascending(rows.map((r) => Math.max(100, 0.15 * (r.trueMs ?? 0))));
  const middle = (list) => list[Math.floor(list.length / 2)] ?? Number.POSITIVE_INFINITY;
  const wrong = rows.filter((r) => r.tooShort).length;
  const blocked = rows.filter((r) => r.standing === 'other-cause').length;
  if (middle(errors) > middle(allowed) || binomialTailAtLeast(wrong, rows.length, ALPHA) < 1e-6) failed = true;
  const longMs = LAB_SLEEPS_MS.at(-1);
  return [
    `Lab: ${rows.length} studies, seeds ${seed} to ${seed + rows.length - 1}; sleeps ${LAB_SLEEPS_MS.map((s) => `${s} ms`).join(', ')}, one repeat each, downtime wanted in at most ${LAB_LIMIT * 100} % of deploys; the truth is what the lab's nodes did.`,
    '',
    `| seed | verdicts at ${LAB_SLEEPS_MS.join(', ')} ms | true needs | need by the ${longMs}-ms run | its true need | observed minimum | recommended | a run truly needed more |`,
    '|--:|---|---|--:|--:|--:|--:|---|',
    ...rows.map(
      (r) =>
        `| ${seed + r.study} | ${r.verdicts} | ${r.trueNeeds} | ${ms(r.estimateMs)} | ${ms(r.trueMs)} | ${ms(r.observedMs)} | ${ms(r.recommendedMs)} | ${r.recommendedMs === null ? '–' : r.tooShort ? 'yes' : 'no'} |`,
    ),
    '',
    `Median error of the estimate ${ms(middle(errors))}, allowed ${ms(middle(allowed))}; a sleep was recommended in ${rows.filter((r) => r.recommendedMs !== null).length} studies, too short for one of its own runs in ${wrong}; another cause suspected in ${blocked}.`,
  ];
}

async function labStudy(study) {
  const out = mkdtempSync(join(tmpdir(), 'compare-bench-'));
  const truth = join(out, 'truth.ndjson');
  const sleeps = LAB_SLEEPS_MS.map((s) => `${s}ms`).join(',');
  const argv = [
    'compare',
    'bench/compare-lab.yaml',
    '--sleep',
    sleeps,
    '--repeat',
    '1',
    '--seed',
    String(seed + study),
    '--at-most',
    `${LAB_LIMIT * 100}%`,
    '--json',
    '--quiet',
    '-o',
    out,
  ];
  const child = spawn(process.execPath, ['dist/main.js', ...argv], {
    cwd: ROOT,
    env: { ...process.env, TRUTH_FILE: truth },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await new Promise((resolve) => child.on('close', resolve));
  const comparison = JSON.parse(text);
  const dir = join(out, 'bench-compare', readdirSync(join(out, 'bench-compare'))[0]);
  const lines = readFileSync(truth, 'utf8')
    .trim()
    .split('\n')
    .map((l) => JSON.parse(l));
  const runs = comparison.runs.map((run) => {
    const facts = readFacts(join(dir, run.summary.dir));
    return { run, trueMs: trueNeed(facts, lines), needMs: deployNeedMs(runSummary(analyze(facts), '')) };
  });
  const bySleep = LAB_SLEEPS_MS.map((sleepMs) => runs.filter(({ run }) => run.summary.afterDetachMs === sleepMs));
  const counted = bySleep.map((own) => own.find(({ run }) => run.counted));
  const [found] = comparison.recommendations;
  const recommendedMs = found.byNeedMs ?? found.byRunsMs;
  rmSync(out, { recursive: true, force: true });
  return {
    study,
    standing: comparison.standing,
    headline: comparison.headline,
    verdicts: bySleep.map((own) => own.map(({ run }) => run.summary.verdict).join(' ')).join(', '),
    trueNeeds: counted
      .map((r) => (r === undefined ? '–' : r.trueMs === null ? '> sleep' : `${r.trueMs.toFixed(0)}`))
      .join(', '),
    estimateMs: counted.at(-1)?.needMs ?? null,
    trueMs: counted.at(-1)?.trueMs ?? null,
    observedMs: found.observedMinimumMs,
    recommendedMs,
    // Where a target was not out of the last node when its deploy began, it needed more than its sleep.
    tooShort:
      recommendedMs !== null &&
      runs.some((r) => (r.trueMs === null ? r.run.summary.afterDetachMs >= recommendedMs : r.trueMs > recommendedMs)),
  };
}

/** From the acknowledgement of each detach until the last node let go, of each attach but the last until all had it back. */
function trueNeed(facts, lines) {
  const origin = Number(BigInt(facts.header.monotonicOriginNs)) / 1e6;
  const targets = facts.header.scenario.targets;
  const calls = facts.events.filter((e) => e.kind === 'balancer-call' && e.error === null);
  const ended = Math.max(...facts.events.map((e) => e.at));
  const needs = calls
    .filter((call, i) => call.operation === 'detach' || calls.slice(i + 1).some((c) => c.operation === 'detach'))
    .map((call) => {
      const { instance } = targets.find((t) => t.id === call.target);
      const what = call.operation === 'detach' ? 'left' : 'back';
      const at = lines
        .filter((l) => l.instance === instance && l.what === what && l.atMs !== null)
        .map((l) => l.atMs - origin)
        .find((t) => t >= call.requestedAt && t <= ended);
      return at === undefined ? null : at - call.respondedAt;
    });
  return needs.includes(null) || needs.length === 0 ? null : Math.max(...needs);
}

/** Prints a table and, when asked, puts it between its marks in docs/compare.md. */
function print(name, lines) {
  if (lines === null) return;
  const text = lines.join('\n');
  console.log(`${text}\n`);
  if (!values.write) return;
  const file = join(ROOT, 'docs/compare.md');
  const [begin, end] = [`<!-- ${name}: npm run bench:compare -- --write -->`, `<!-- end of ${name} -->`];
  const doc = readFileSync(file, 'utf8');
  const [from, to] = [doc.indexOf(begin), doc.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/compare.md has no place for ${name}`);
  writeFileSync(file, `${doc.slice(0, from + begin.length)}\n${text}\n${doc.slice(to)}`);
}
