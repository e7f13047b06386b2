// Time and memory of reading, judging and reporting a run, from 10^5 to 10^7 samples.
// usage: node bench/analyze.mjs [--sizes 1e5,1e6,1e7] [--rounds N] [--dir D] [--json]   (needs dist/)
//        Every figure comes from a process of its own; the best of N rounds is shown. About 1 GB of files in D for 1e7.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sizes: { type: 'string', default: '1e5,1e6,1e7' },
    rounds: { type: 'string', default: '3' },
    dir: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

/** What a child does beside getting its facts; `facts` is the floor the others are compared with. */
const PARTS = ['facts', 'judge', 'read', 'report'];
const FAIL_SHARES = [0, 0.01];

if (positionals[0] === 'part') await part(...positionals.slice(1));
else measureAll();

/** In a child: does one thing once, cold, and prints what it took. */
async function part(name, rowsText, shareText, dir) {
  const [rows, share] = [Number(rowsText), Number(shareText)];
  if (name === 'write') {
    const { writeRun } = await import('./run-facts.mjs');
    writeRun(dir, rows, share);
    return;
  }
  const act = await actionOf(name, rows, share, dir);
  const began = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  const shown = await act();
  const used = process.cpuUsage(cpu);
  const wallMs = Number(process.hrtime.bigint() - began) / 1e6;
  const { maxRSS } = process.resourceUsage();
  console.log(JSON.stringify({ wallMs, cpuMs: (used.user + used.system) / 1000, peakMb: maxRSS / 1024, shown }));
}

async function actionOf(name, rows, share, dir) {
  if (name === 'read') {
    const { readFacts } = await import('../dist/journal/facts.js');
    return () => readFacts(dir, 'judged').samples.length;
  }
  if (name === 'report') {
    const { deriveReports } = await import('../dist/cli/derive.js');
    return async () => (await deriveReports(dir)).result.verdict.kind;
  }
  const { runFacts } = await import('./run-facts.mjs');
  const { analyze } = await import('../dist/analyze.js');
  const facts = runFacts(rows, share);
  return name === 'facts' ? () => facts.samples.length : () => analyze(facts).verdict.kind;
}

function child(...args) {
  const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url), 'part', ...args.map(String)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status !== 0) throw new Error(`${args[0]} of ${args[1]} samples ended with ${run.status ?? run.signal}`);
  return run.stdout === '' ? null : JSON.parse(run.stdout);
}

function measureAll() {
  const rounds = Number(values.rounds);
  const sizes = values.sizes.split(',').map(Number);
  if (!sizes.every((size) => size >= 1 && Number.isInteger(size)))
    throw new Error(`--sizes ${values.sizes}: not counts`);
  const home = mkdtempSync(join(values.dir ?? tmpdir(), 'rollproof-bench-'));
  const table = [];
  try {
    if (!values.json) console.log(`${'samples  failing  part'.padEnd(28)}wall ms    CPU ms   peak MB   ends in`);
    for (const rows of sizes) {
      for (const share of FAIL_SHARES) {
        const dir = join(home, `${rows}-${share}`);
        child('write', rows, share, dir);
        for (const name of PARTS) {
          const runs = Array.from({ length: rounds }, () => child(name, rows, share, dir));
          const best = (key) => Math.min(...runs.map((run) => run[key]));
          const line = { rows, share, part: name, wallMs: best('wallMs'), cpuMs: best('cpuMs') };
          table.push({ ...line, peakMb: best('peakMb'), shown: runs[0].shown });
          if (!values.json) print(table.at(-1));
        }
        rmSync(dir, { recursive: true });
      }
    }
  } finally {
    if (existsSync(home)) rmSync(home, { recursive: true });
  }
  if (values.json) console.log(JSON.stringify(table));
}

function print({ rows, share, part: name, wallMs, cpuMs, peakMb, shown }) {
  const size = `1e${Math.log10(rows).toFixed(rows === 10 ** Math.round(Math.log10(rows)) ? 0 : 1)}`;
  const figures = [wallMs, cpuMs, peakMb].map((value) => value.toFixed(0).padStart(9)).join(' ');
  console.log(`${size.padEnd(9)}${`${share * 100} %`.padEnd(9)}${name.padEnd(8)}${figures}   ${shown}`);
}
