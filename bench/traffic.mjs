// The traffic engine beside its peers, in one run: CPU per request, ratios, lateness. Interleaved rounds, medians.
// usage: npm run bench:traffic -- [--only closed,open,…] [--rounds 3] [--seconds 3] [--rates 500,5000]
//   [--clients rollproof,wrk,k6] [--samples 7200000] [--json]
// Needs dist/ (npm run build); loopback only. A peer that is not installed is left out with a word.
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { closedPeers, hasK6, measureClosed, measureK6, measureOpen } from './traffic/peers.mjs';
import { recordingCost } from './traffic/recording.mjs';
import { soak } from './traffic/soak.mjs';
import { freePort, startTarget } from './traffic/target.mjs';

const CONNECTIONS = 16;
const NAMES = { own: 'rollproof', undici: 'undici', http: 'node:http', k6: 'k6' };
/** k6 beyond 10,000/s needs more cores than the machines this runs on have: it drops most of them. */
const MOST_OF = { k6: 10_000, http: 10_000 };
const { values: given } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    rates: { type: 'string', default: '500,2000,5000,10000,30000' },
    clients: { type: 'string' },
    samples: { type: 'string', default: '7200000' },
    json: { type: 'boolean', default: false },
  },
});
const [rounds, seconds, samples] = [given.rounds, given.seconds, given.samples].map(Number);
const rates = given.rates.split(',').map(Number);
const SECTIONS = { closed, open, precise, new: fresh, bursts, refused, recording, soak: endurance };
/** The soak takes minutes and measures no speed: only on demand. */
const chosen = given.only?.split(',') ?? Object.keys(SECTIONS).filter((name) => name !== 'soak');
/** The open loop is always ours, and whom it is held against. */
const isAsked = (name) =>
  given.clients === undefined || name === 'rollproof' || given.clients.split(',').includes(name);
const unknown = chosen.filter((name) => !(name in SECTIONS));
if (unknown.length > 0 || ![rounds, seconds, samples, ...rates].every((value) => value > 0)) {
  console.error(`--only takes ${Object.keys(SECTIONS).join(', ')}; the other options take numbers above 0`);
  process.exit(64);
}

const target = await startTarget();
const results = { target: target.name, cores: cpus().length, node: process.version, loadBefore: loadavg()[0] };
say(
  `target: ${target.name}; ${cpus().length} cores, load ${loadavg()[0].toFixed(1)}; ${rounds} rounds of ${seconds} s, medians`,
);
try {
  for (const name of chosen) {
    results[name] = await SECTIONS[name]();
    const load = loadavg()[0];
    say(
      `  (load ${load.toFixed(1)}${load > cpus().length ? ': more than cores, lateness is that of the machine' : ''})`,
    );
  }
} finally {
  await target.stop();
}
results.loadAfter = loadavg()[0];
if (given.json) console.log(JSON.stringify(results));

function say(text) {
  if (!given.json) console.log(text);
}

function median(values) {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Measures every case once a round, and gives each case's figures as medians and the CPU as lists. */
async function interleaved(cases) {
  const taken = cases.map(() => []);
  for (let round = 0; round < rounds; round++)
    for (const [i, { measure }] of cases.entries()) taken[i].push(await measure(round));
  return cases.map(({ name }, i) => {
    const fields = Object.keys(taken[i][0] ?? {});
    const medians = Object.fromEntries(fields.map((field) => [field, median(taken[i].map((one) => one[field]))]));
    return { name, ...medians, cpuUsOfRounds: taken[i].map((one) => one.cpuUs) };
  });
}

/** Median over the rounds of one row's CPU by another's: noise that lasts a round falls out. */
function ratio(row, other) {
  return median(row.cpuUsOfRounds.map((cpu, round) => cpu / other.cpuUsOfRounds[round]));
}

async function closed() {
  const peers = closedPeers();
  say(`\nclosed loop, ${CONNECTIONS} kept-alive connections`);
  for (const { name, missing } of peers) if (missing !== null) say(`  ${name} is left out: ${missing}`);
  const cases = peers
    .filter(({ name, missing }) => missing === null && isAsked(name))
    .map((peer) => ({ name: peer.name, measure: () => measureClosed(peer, target, CONNECTIONS, seconds) }));
  const rows = await interleaved(cases);
  const own = rows.find(({ name }) => name === 'rollproof');
  for (const row of rows) row.ownByIt = ratio(own, row);
  table(
    ['client', 'CPU µs/request', 'lowest–highest', 'requests/s', 'rollproof / it'],
    rows.map((row) => [
      row.name,
      row.cpuUs.toFixed(1),
      `${Math.min(...row.cpuUsOfRounds).toFixed(1)}–${Math.max(...row.cpuUsOfRounds).toFixed(1)}`,
      row.perSecond.toFixed(0),
      row.ownByIt.toFixed(2),
    ]),
  );
  return rows;
}

async function open() {
  const all = [];
  if (!hasK6()) say('\nk6 is left out: no k6 v2 (ROLLPROOF_K6 or PATH)');
  for (const rate of rates) {
    say(`\nopen loop, ${rate}/s, kept-alive connections`);
    const cases = ['own', 'undici', 'http', 'k6']
      .filter(
        (kind) =>
          rate <= (MOST_OF[kind] ?? Number.POSITIVE_INFINITY) && (kind !== 'k6' || hasK6()) && isAsked(NAMES[kind]),
      )
      .map((kind) => ({
        name: NAMES[kind],
        measure: (round) => (kind === 'k6' ? withLateness(rate, round) : measureOpen(kind, target.port, rate, seconds)),
      }));
    all.push({ rate, rows: openTable(await interleaved(cases)) });
  }
  return all;
}

/**
 * Only the last round pays for k6's lateness, with a run of its own. Where it drops arrivals nothing can be said: it does not
 * count them, so those after a drop look late by all that were dropped.
 */
async function withLateness(rate, round) {
  const plain = await measureK6(target, rate, seconds, false);
  if (round < rounds - 1) return plain;
  const { p50, p99, p999, dropped } = await measureK6(target, rate, seconds, true);
  return dropped > 0 ? plain : { ...plain, p50, p99, p999 };
}

function openTable(rows) {
  const own = rows[0];
  for (const row of rows) row.ownByIt = ratio(own, row);
  table(
    ['client', 'late p50 / p99 / p99.9 ms', 'CPU µs/request', '% of a core', 'dropped', 'failed', 'rollproof / it'],
    rows.map((row) => [
      row.name,
      [row.p50, row.p99, row.p999].map((ms) => (Number.isNaN(ms) ? '–' : ms.toFixed(2))).join(' / '),
      row.cpuUs.toFixed(1),
      (row.share * 100).toFixed(0),
      String(row.dropped),
      String(row.failed ?? '–'),
      row.ownByIt.toFixed(2),
    ]),
  );
  return rows;
}

/** One engine alone, at several rates or in several ways. */
async function ownCases(title, cases) {
  say(`\n${title}`);
  return openTable(await interleaved(cases));
}

function precise() {
  const at = rates.filter((rate) => rate <= 10_000);
  return ownCases(
    'precise mode',
    at.map((rate) => ({
      name: `precise ${rate}/s`,
      measure: () => measureOpen('own', target.port, rate, seconds, { traffic: { precise: true } }),
    })),
  );
}

function fresh() {
  return ownCases(
    'a connection for every request',
    [500, 2000, 5000].map((rate) => ({
      name: `new ${rate}/s`,
      measure: () => measureOpen('own', target.port, rate, seconds, { lanes: 'new' }),
    })),
  );
}

function bursts() {
  return ownCases('the main thread blocked for 30 ms in every 100', [
    { name: 'blocked 5000/s', measure: () => measureOpen('own', target.port, 5000, seconds, { bursts: true }) },
    { name: 'left alone', measure: () => measureOpen('own', target.port, 5000, seconds) },
  ]);
}

async function refused() {
  const port = await freePort();
  const rows = await ownCases(
    'every connect refused (all of them fail)',
    [1000, 10_000].map((rate) => ({
      name: `refused ${rate}/s`,
      measure: () => measureOpen('own', port, rate, seconds),
    })),
  );
  say(`most in flight at a report: ${rows.map((row) => row.maxInFlight).join(', ')}`);
  return rows;
}

async function recording() {
  const cost = recordingCost();
  say(
    `\nrecording: ${cost.threadNs.toFixed(0)} ns of the generator's thread a request, ${cost.bytesPerRow.toFixed(0)} bytes on disk; ` +
      `${cost.diskNs.toFixed(0)} ns of the main thread to write it`,
  );
  return cost;
}

async function endurance() {
  const rows = await soak(target.port, samples, CONNECTIONS, ({ rows: done, rssMb, heapMb, externalMb }) =>
    say(
      `${done} samples: RSS ${rssMb.toFixed(0)} MB, heap ${heapMb.toFixed(1)} MB, buffers ${externalMb.toFixed(1)} MB`,
    ),
  );
  say(
    `growth: RSS ${rows.rssPerMillionMb.toFixed(2)} MB, heap ${rows.heapPerMillionMb.toFixed(2)} MB per million samples`,
  );
  return rows;
}

function table(head, rows) {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  for (const row of [head, ...rows])
    say(row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '));
}
