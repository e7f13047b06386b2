// npm run bench:import [-- REQUESTS]: how fast results of k6 (CSV) and JMeter (JTL) are read, beside a readline parser that
// takes the same fields out of the same files. CPU seconds of this process; files are written to a temporary folder first
// and read from the page cache. The readline parser reads a tenth of the file and is scaled.
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
  `${START_MS + i},${i % 90},probe,200,OK,probe 1-${i % 400},text,,true,,159,120,400,400,https://checkout.staging.example.com/,${i % 80},0,${i % 3}`;

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
        ok: f[8] === 'true',
        bytes: Number(f[10]),
        latency: Number(f[15]),
      });
  }
  return samples.length;
}

const K6_HEADER =
  'metric_name,timestamp,metric_value,check,error,expected_response,method,name,proto,scenario,status,tls_version,url,extra_tags,metadata'.replace(
    'check,error,',
    'error,error_code,',
  );
const JTL_HEADER =
  'timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,failureMessage,success,x,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect';

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
    const scaled = theirs.cpu * share;
    console.log(
      `${name.padEnd(12)} ${requests.toLocaleString('en')} requests, ${(size / 1e6).toFixed(0)} MB: ${ours.cpu.toFixed(2)} s CPU (${ours.wall.toFixed(2)} s), ` +
        `${(size / 1e6 / ours.cpu).toFixed(0)} MB/s; readline ${scaled.toFixed(2)} s; ratio ${(scaled / ours.cpu).toFixed(1)}`,
    );
    rmSync(path);
    rmSync(small);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
