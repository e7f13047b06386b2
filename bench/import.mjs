// npm run bench:import [-- REQUESTS]: how fast results of k6 (CSV) and JMeter (JTL) are read, beside a readline parser that
// takes the same fields out of the same files, and beside JMeter's own dashboard (`jmeter -g`) of the JTL where JMETER_HOME
// names an installation. CPU seconds of the process that does it, median of three for ours; files are written to a temporary
// folder first and read from the page cache. The readline parser reads a tenth of the file and is scaled.
import { spawnSync } from 'node:child_process';
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { readTraffic } from '../dist/traffic/import/read-traffic.js';

const requests = Number(process.argv[2] ?? 1_000_000);
const share = 10;
const folder = mkdtempSync(join(tmpdir(), 'rollproof-bench-import-'));

const START_MS = 1_795_346_233_000;
const TAGS = ',,true,GET,rollproof,HTTP/1.1,probe,200,,https://checkout.staging.example.com/,,';
const PARTS = ['duration', 'blocked', 'connecting', 'tls_handshaking', 'sending', 'waiting', 'receiving', 'failed'];

function k6Rows(i) {
  const ns = `${START_MS + i}${String((i * 7919) % 1_000_000).padStart(6, '0')}`;
  const value = (k) => (((i * 31 + k * 17) % 9000) / 1000).toFixed(6);
  const rows = [`http_reqs,${ns},1.000000${TAGS}`];
  for (const [k, part] of PARTS.entries())
    rows.push(`http_req_${part},${ns},${part === 'failed' ? '0.000000' : value(k)}${TAGS}`);
  const tail = ',,,,,,probe,,,,,';
  rows.push(`data_sent,${ns},110.000000${tail}`, `data_received,${ns},159.000000${tail}`);
  rows.push(`iteration_duration,${ns},${value(9)}${tail}`, `iterations,${ns},1.000000${tail}`);
  return rows.join('\n');
}
const jtlRow = (i) =>
  `${START_MS + i},${i % 90},probe,200,OK,probe 1-${i % 400},text,true,,159,120,400,400,https://checkout.staging.example.com/,${i % 80},0,${i % 3}`;

function write(name, header, row, count) {
  const path = join(folder, name);
  const fd = openSync(path, 'w');
  let part = [header];
  for (let i = 0; i < count; i++) {
    part.push(row(i));
    if (part.length >= 4096) {
      writeSync(fd, `${part.join('\n')}\n`);
      part = [];
    }
  }
  if (part.length > 0) writeSync(fd, `${part.join('\n')}\n`);
  closeSync(fd);
  return path;
}

async function cpu(work) {
  const before = process.cpuUsage();
  const began = performance.now();
  const rows = await work();
  const used = process.cpuUsage(before);
  return { rows, cpu: (used.user + used.system) / 1e6, wall: (performance.now() - began) / 1000 };
}

/** What one would write by hand: one object per request out of split lines. */
async function readlineK6(path) {
  const requestsByEnd = [];
  let current = null;
  for await (const line of createInterface({ input: createReadStream(path, { highWaterMark: 1 << 20 }) })) {
    const f = line.split(',');
    if (f[0] === 'http_reqs') {
      current = { at: Number(f[1]) / 1e6, status: Number(f[10]), error: f[4] };
      requestsByEnd.push(current);
    } else if (current !== null && f[0].startsWith('http_req_')) current[f[0]] = Number(f[2]);
  }
  return requestsByEnd.length;
}
async function readlineJtl(path) {
  const samples = [];
  let header = null;
  for await (const line of createInterface({ input: createReadStream(path, { highWaterMark: 1 << 20 }) })) {
    const f = line.split(',');
    if (header === null) header = f;
    else
      samples.push({
        at: Number(f[0]),
        elapsed: Number(f[1]),
        code: f[3],
        ok: f[7] === 'true',
        bytes: Number(f[9]),
        latency: Number(f[14]),
      });
  }
  return samples.length;
}

/** JMeter's report of a JTL, JVM and all; null with a word when there is no JMeter, or when it fails. */
function dashboard(path) {
  const home = process.env.JMETER_HOME;
  if (!home) return said('JMETER_HOME is not set: no dashboard to compare with');
  const jar = join(home, 'bin', 'ApacheJMeter.jar');
  const args = ['java', '-jar', jar, '-g', path, '-o', join(folder, 'dashboard'), '-j', join(folder, 'jmeter.log')];
  const began = performance.now();
  const run = spawnSync('bash', ['-c', 'TIMEFORMAT="%U %S"; time "$@" >&2', 'bash', ...args], { encoding: 'utf8' });
  const wall = (performance.now() - began) / 1000;
  if (run.status !== 0) return said(`jmeter -g failed: ${run.stderr.trim().split('\n').at(-2) ?? run.error}`);
  const [user, system] = run.stderr.trim().split('\n').at(-1).split(' ').map(Number);
  return { cpu: user + system, wall };
}
function said(why) {
  console.log(why);
  return null;
}

function print(who, { cpu, wall }, ours) {
  const figures = [cpu.toFixed(2).padStart(9), (wall === null ? '-' : wall.toFixed(2)).padStart(9)].join(' ');
  console.log(`  ${who.padEnd(34)}${figures} ${(cpu / ours.cpu).toFixed(1).padStart(8)}`);
}

const K6_HEADER =
  'metric_name,timestamp,metric_value,check,error,expected_response,method,name,proto,scenario,status,tls_version,url,extra_tags,metadata'.replace(
    'check,error,',
    'error,error_code,',
  );
const JTL_HEADER =
  'timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect';

try {
  for (const [name, header, row, byHand] of [
    ['k6.csv', K6_HEADER, k6Rows, readlineK6],
    ['results.jtl', JTL_HEADER, jtlRow, readlineJtl],
  ]) {
    const path = write(name, header, row, requests);
    const small = write(`small-${name}`, header, row, Math.ceil(requests / share));
    const size = statSync(path).size;
    const rounds = [];
    for (let round = 0; round < 3; round++)
      rounds.push(await cpu(async () => (await readTraffic(path)).columns.length));
    const ours = rounds.sort((a, b) => a.cpu - b.cpu)[1];
    if (ours.rows !== requests) throw new Error(`${name}: ${ours.rows} of ${requests} requests`);
    const theirs = await cpu(() => byHand(small));
    console.log(`${name}: ${requests.toLocaleString('en')} requests, ${(size / 1e6).toFixed(0)} MB`);
    console.log(`  ${''.padEnd(34)}${'CPU s'.padStart(9)} ${'wall s'.padStart(9)} ${'times'.padStart(8)}`);
    print('rollproof import', ours, ours);
    print(`readline, split(',') (x ${share})`, { cpu: theirs.cpu * share, wall: theirs.wall * share }, ours);
    const page = name === 'results.jtl' ? dashboard(path) : null;
    if (page !== null) print('jmeter -g (its dashboard)', page, ours);
    rmSync(path);
    rmSync(small);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
