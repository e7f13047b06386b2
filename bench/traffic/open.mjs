// An open loop in this process, figures as one JSON line at the end: lateness (sorted out of the first second), CPU and drops.
// usage: node bench/traffic/open.mjs '{"kind":"own|undici|http","port":1,"rate":1000,"seconds":3,…}'
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arrivalPlan } from '../../dist/traffic/arrivals.js';
import { benchWorkload } from './workload.mjs';

const WARM_MS = 1000;
const START_MS = 300;
const CAP = 512;
/** As rollproof's generator does it: what is overdue by more is not fired. */
const OVERDUE_MS = 200;

const order = JSON.parse(process.argv[2]);
const milliseconds = WARM_MS + order.seconds * 1000;
const workload = benchWorkload({ ...order, milliseconds, startAt: START_MS });
const figures =
  order.kind === 'own' ? await own() : await foreign(await (order.kind === 'undici' ? undici() : nodeHttp()));
process.stdout.write(`${JSON.stringify(figures)}\n`);
process.exit();

function quantiles(lateness) {
  const sorted = Float64Array.from(lateness).sort();
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) };
}

/** CPU of the whole process between the end of the warm-up and the end of the schedule, µs. */
function cpuOfWindow(origin) {
  const begun = performance.now() - (Number(process.hrtime.bigint() - origin) / 1e6 - START_MS - WARM_MS);
  return new Promise((resolve) => {
    setTimeout(() => {
      const before = process.cpuUsage();
      setTimeout(() => {
        const used = process.cpuUsage(before);
        resolve(used.user + used.system);
      }, order.seconds * 1000);
    }, begun - performance.now());
  });
}

/** The product's engine, rows to disk as in a run. */
async function own() {
  const { embeddedEngine } = await import('../../dist/traffic/embedded/engine.js');
  const { openSampleWriter } = await import('../../dist/journal/sample-writer.js');
  const dir = mkdtempSync(join(tmpdir(), 'rollproof-bench-'));
  const writer = openSampleWriter(join(dir, 'own.arrows'), 'embedded');
  const lateness = [];
  let [sent, dropped, failed, inWindow] = [0, 0, 0, 0];
  const take = (batch) => {
    for (let i = 0; i < batch.length; i++) {
      if (batch.scheduledAt[i] < START_MS + WARM_MS) continue;
      if (Number.isNaN(batch.sentAt[i])) dropped++;
      else {
        sent++;
        if (batch.status[i] !== 200) failed++;
        lateness.push(batch.sentAt[i] - batch.scheduledAt[i]);
      }
    }
    inWindow += batch.length;
    return writer.append(batch);
  };
  let maxInFlight = 0;
  const events = {
    append(event) {
      if (event.kind === 'generator-health') maxInFlight = Math.max(maxInFlight, event.inFlight);
    },
  };
  if (order.bursts) setInterval(block, 100);
  const cpu = cpuOfWindow(BigInt(workload.monotonicOriginNs));
  const sinks = { samples: { append: take }, events, progress: () => {} };
  const end = await embeddedEngine().run(workload, sinks, new AbortController().signal);
  writer.close();
  rmSync(dir, { recursive: true });
  if (end.error !== null || end.scheduled !== inWindow)
    throw new Error(`${inWindow} of ${end.scheduled}: ${end.error}`);
  return { ...quantiles(lateness), cpuUs: await cpu, sent, dropped, failed, maxInFlight };
}

/** What a report being written, or an engine being driven, does to the main thread. */
function block() {
  const until = performance.now() + 30;
  while (performance.now() < until);
}

/** The same schedule and the same catch-up around a library's client, in the main thread. */
async function foreign(send) {
  const plan = arrivalPlan(workload.traffic);
  const origin = BigInt(workload.monotonicOriginNs);
  const now = () => Number(process.hrtime.bigint() - origin) / 1e6;
  const stop = START_MS + milliseconds;
  const lateness = [];
  let [k, inFlight, sent, dropped, failed] = [0, 0, 0, 0, 0];
  const ended = (ok) => {
    inFlight--;
    if (!ok) failed++;
  };
  const cpu = cpuOfWindow(origin);
  await new Promise((resolve) => {
    const wake = () => {
      const at = now();
      for (let due = START_MS + plan.dueMs(k); due <= at && due < stop; due = START_MS + plan.dueMs(++k)) {
        const counts = due >= START_MS + WARM_MS;
        const late = now() - due;
        if (late > OVERDUE_MS || inFlight >= CAP) dropped += counts;
        else {
          if (counts) lateness.push(late);
          sent += counts;
          inFlight++;
          send(ended);
        }
      }
      const next = START_MS + plan.dueMs(k);
      if (next >= stop) resolve();
      else setTimeout(wake, Math.max(1, Math.ceil(next - now())));
    };
    wake();
  });
  return { ...quantiles(lateness), cpuUs: await cpu, sent, dropped, failed, maxInFlight: inFlight };
}

async function undici() {
  const { Pool } = await import('undici');
  const pool = new Pool(`http://127.0.0.1:${order.port}`, { connections: CAP, pipelining: 1 });
  return (ended) => {
    pool.dispatch(
      { path: '/', method: 'GET' },
      {
        onRequestStart: () => {},
        onResponseStart: () => {},
        onResponseData: () => {},
        onResponseEnd: () => ended(true),
        onResponseError: () => ended(false),
      },
    );
  };
}

function nodeHttp() {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CAP });
  return (ended) => {
    http
      .get({ host: '127.0.0.1', port: order.port, path: '/', agent }, (answer) => {
        answer.resume();
        answer.once('end', () => ended(true));
      })
      .once('error', () => ended(false));
  };
}
