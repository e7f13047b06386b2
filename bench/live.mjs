// What the live page costs: the demo with and without `--live` (and a reader of its stream), side by side.
// npm run bench:live -- [--pairs 2]; about 80 s a pair; needs a built dist/ and Linux's /proc for the CPU column.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const pairs = Number(process.argv[process.argv.indexOf('--pairs') + 1] || 2) || 2;
const out = mkdtempSync(join(tmpdir(), 'rollproof-bench-live-'));
const TICKS_PER_S = 100;

/** CPU seconds of a process with all its threads, or null where /proc is not. */
function cpuSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
  } catch {
    return null;
  }
}

async function readStream(address) {
  let bytes = 0;
  try {
    const response = await fetch(`${address}events`);
    for await (const chunk of response.body) bytes += chunk.length;
  } catch (error) {
    if (bytes === 0) throw error;
  }
  return bytes;
}

async function once(live) {
  const argv = [main, 'demo', '--quiet', '--json', '-o', out, ...(live ? ['--live'] : [])];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  let json = '';
  let err = '';
  let reading = null;
  child.stdout.on('data', (c) => {
    json += c;
  });
  child.stderr.on('data', (c) => {
    err += c;
    const address = /live: (http:\S+)/.exec(err)?.[1];
    if (address !== undefined && reading === null) reading = readStream(address);
  });
  let cpu = null;
  const watch = setInterval(() => {
    cpu = cpuSeconds(child.pid) ?? cpu;
  }, 100);
  await new Promise((resolve) => child.on('close', resolve));
  clearInterval(watch);
  const { generator, verdict, counts } = JSON.parse(json);
  return {
    live: live ? 'yes' : 'no',
    verdict: verdict.kind,
    requests: counts.total,
    'lateness p50 ms': generator.latenessMsP50,
    'lateness p99 ms': generator.latenessMsP99,
    'lateness max ms': generator.latenessMsMax,
    'loop delay max ms': generator.eventLoopDelayMaxMs,
    'CPU s': cpu,
    'streamed KB': reading === null ? 0 : Math.round((await reading) / 1000),
  };
}

const rows = [];
try {
  for (let i = 0; i < pairs; i++)
    for (const live of i % 2 === 0 ? [false, true] : [true, false]) rows.push(await once(live));
} finally {
  rmSync(out, { recursive: true, force: true });
}
console.table(rows);
