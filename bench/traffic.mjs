// Lateness and CPU per request of the embedded traffic engine against a small raw server in a process of its own.
// usage: node bench/traffic.mjs [rate/s ...]   (needs dist/; keep the machine quiet; loopback only)
import { fork } from 'node:child_process';
import net from 'node:net';
import { embeddedEngine } from '../dist/traffic/embedded/engine.js';

const SECONDS = 4;
const SKIP_SECONDS = 1;

if (process.argv[2] === 'serve') serve();
else await measureAll();

function serve() {
  const answer = Buffer.from(
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: bench\r\nX-Target: a\r\nX-Version: 1\r\n\r\nok',
  );
  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on('data', (data) => {
      socket.write(answer);
      if (data.includes('Connection: close')) socket.end();
    });
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
}

async function measureAll() {
  const rates = process.argv.slice(2).map(Number);
  const child = fork(new URL(import.meta.url), ['serve']);
  const port = await new Promise((resolve) => child.once('message', resolve));
  try {
    console.log(
      'lanes      rate/s   rows  dropped failed  late p50/p99/p99.9 ms   cpu µs/request  % of a core  control probes failed',
    );
    for (const rate of rates.length > 0 ? rates : [500, 1000, 2000, 5000, 10000]) {
      for (const lanes of ['reuse', 'new']) {
        if (lanes === 'new' && rate > 5000) continue;
        console.log(await measure(port, rate, lanes));
      }
    }
  } finally {
    child.kill();
  }
}

async function measure(port, rate, lanes) {
  const origin = process.hrtime.bigint();
  const lateness = [];
  const cpu = [];
  let rows = 0;
  let dropped = 0;
  let failed = 0;
  let probes = 0;
  let probesFailed = 0;
  const workload = {
    source: 'embedded',
    runId: 'bench',
    service: {
      url: `http://127.0.0.1:${port}/`,
      method: 'GET',
      headers: {},
      body: null,
      ok: { status: [[200, 399]], bodyContains: null },
      identity: { target: 'x-target', version: 'x-version', bootId: null },
    },
    traffic: {
      engine: 'embedded',
      ratePerSecond: rate,
      lanes: { newWeight: lanes === 'new' ? 1 : 0, reuseWeight: lanes === 'new' ? 0 : 1, long: null },
      timeoutMs: 2000,
      warmUpMs: 0,
      baselineMs: 0,
      settleMs: 0,
      maxInFlight: 512,
      seed: 1,
      tls: { caFile: null, serverName: null, insecure: false },
      resolve: {},
      injectStall: null,
    },
    monotonicOriginNs: String(origin),
    startAt: 200,
    maxDurationMs: SECONDS * 1000,
  };
  const sinks = {
    samples: {
      append(batch) {
        for (let i = 0; i < batch.length; i++) {
          rows++;
          if (Number.isNaN(batch.sentAt[i])) dropped++;
          else if (batch.status[i] !== 200) failed++;
          // The first second is the engine's own warming up.
          else if (batch.scheduledAt[i] > 200 + SKIP_SECONDS * 1000)
            lateness.push(batch.sentAt[i] - batch.scheduledAt[i]);
        }
        return true;
      },
    },
    events: {
      append(event) {
        if (event.kind === 'generator-health') cpu.push(event);
        if (event.kind !== 'control-probe') return;
        probes += event.sent;
        probesFailed += event.failed;
      },
    },
    progress: () => {},
  };
  const end = await embeddedEngine().run(workload, sinks, new AbortController().signal);
  if (end.error !== null || end.scheduled !== rows) throw new Error(`rows ${rows} of ${end.scheduled}: ${end.error}`);
  lateness.sort((a, b) => a - b);
  const q = (p) => lateness[Math.floor(lateness.length * p)].toFixed(2);
  const [first, last] = [cpu[0], cpu.at(-1)];
  const perRequest = ((last.cpuMs - first.cpuMs) * 1000) / (last.sent - first.sent);
  const share = ((last.cpuMs - first.cpuMs) / (last.at - first.at)) * 100;
  return `${lanes.padEnd(8)} ${String(rate).padStart(8)} ${String(rows).padStart(6)} ${String(dropped).padStart(8)} ${String(failed).padStart(6)}  ${`${q(0.5)} / ${q(0.99)} / ${q(0.999)}`.padEnd(22)}  ${perRequest.toFixed(0).padStart(8)} ${share.toFixed(0).padStart(14)} %  ${probesFailed} of ${probes}`;
}
