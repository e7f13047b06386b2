// The lab's data plane beside HAProxy and nginx, each one process with one thread in front of the same two applications
// (two ports of one nginx worker), then the whole lab. Needs dist/, wrk, nginx and haproxy; loopback only.
// usage: node bench/lab.mjs [--rounds N] [--seconds N] [--skip-lab] [--only name,name]
//   closed loop: wrk -t1 -c32, requests per second and the proxy's CPU (user + system, /proc/PID/stat) per request
//   2,000/s:     rollproof's own open-model generator, one lane of reused connections, send to first byte
import { execFileSync, fork, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { generate, quantile } from './open-load.mjs';

const { values: args } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    only: { type: 'string', default: 'direct,haproxy,nginx,rollproof' },
    'skip-lab': { type: 'boolean', default: false },
    serve: { type: 'string' },
  },
});
const SECONDS = Number(args.seconds);
const CONNECTIONS = 32;
const OPEN_RATE = 2_000;

if (args.serve !== undefined) await serve(args.serve.split(',').map(Number));
else await main();

/** A child of this bench: one node of the lab's data plane in front of the given ports. */
async function serve(ports) {
  const { startNodeView } = await import('../dist/lab/dataplane/node-view.js');
  const healthy = new Set();
  const view = await startNodeView({
    name: 'bench',
    host: '127.0.0.1',
    port: 0,
    flavour: 'clb',
    connectRetries: 2,
    preopen: 0,
    idleTimeoutMs: 60_000,
    surgeQueue: 1_024,
    health: {
      kind: 'tcp',
      path: '/',
      intervalMs: 60_000,
      timeoutMs: 1_000,
      unhealthyThreshold: 2,
      healthyThreshold: 2,
      initialChecks: 1,
    },
    onHealthChange: (id) => healthy.add(id).size === ports.length && process.send(view.port),
  });
  for (const port of ports) view.add({ instanceId: `i-${port}`, host: '127.0.0.1', port });
  process.on('disconnect', () => process.exit(0));
}

async function main() {
  const dir = mkdtempSync(join(tmpdir(), 'rollproof-bench-'));
  const children = [];
  try {
    const [a, b, viaNginx, viaHaproxy] = await freePorts(4);
    children.push(startNginx(dir, 'apps', appsConfig([a, b])));
    const proxies = { direct: { port: a, pid: null } };
    const nginx = startNginx(dir, 'proxy', nginxConfig(viaNginx, [a, b]));
    children.push(nginx);
    proxies.nginx = { port: viaNginx, pid: nginx.pid };
    writeFileSync(join(dir, 'haproxy.cfg'), haproxyConfig(viaHaproxy, [a, b]));
    const haproxy = spawn('haproxy', ['-db', '-f', join(dir, 'haproxy.cfg')], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    children.push(haproxy);
    proxies.haproxy = { port: viaHaproxy, pid: haproxy.pid };
    for (const port of [a, b, viaNginx, viaHaproxy]) await opens(port);
    const own = fork(new URL(import.meta.url), ['--serve', `${a},${b}`]);
    children.push(own);
    proxies.rollproof = { port: await new Promise((resolve) => own.once('message', resolve)), pid: own.pid };
    await compare(Object.fromEntries(args.only.split(',').map((name) => [name, proxies[name]])));
  } finally {
    for (const child of children) child.kill('SIGTERM');
    rmSync(dir, { recursive: true, force: true });
  }
  if (!args['skip-lab']) await wholeLab();
}

async function compare(proxies) {
  const names = Object.keys(proxies);
  for (const { port } of Object.values(proxies)) wrk(port, 2);
  const rounds = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < Number(args.rounds); round++) {
    for (const name of names) {
      const { port, pid } = proxies[name];
      const before = pid === null ? 0 : cpuSeconds([pid]);
      const requests = wrk(port, SECONDS);
      const cpu = pid === null ? Number.NaN : cpuSeconds([pid]) - before;
      const open = await generate({ urls: [`http://127.0.0.1:${port}/`], rate: OPEN_RATE, seconds: SECONDS });
      rounds[name].push({
        perSecond: requests / SECONDS,
        cpuUs: (cpu * 1e6) / requests,
        p50: quantile(open.latencyUs, 0.5),
        p99: quantile(open.latencyUs, 0.99),
        failed: open.failed + open.dropped,
      });
    }
  }
  console.log(
    `medians of ${args.rounds} interleaved rounds of ${SECONDS} s (closed loop: wrk -c${CONNECTIONS}; open: ${OPEN_RATE}/s)`,
  );
  console.log(
    'proxy        req/s   CPU us/req   p50 us   p99 us  failed   req/s vs haproxy   CPU vs haproxy   added p50 us',
  );
  const row = (name) => {
    const of = (key) =>
      quantile(
        rounds[name].map((round) => round[key]),
        0.5,
      );
    return {
      perSecond: of('perSecond'),
      cpuUs: of('cpuUs'),
      p50: of('p50'),
      p99: of('p99'),
      failed: rounds[name].reduce((sum, r) => sum + r.failed, 0),
    };
  };
  const reference = names.includes('haproxy') ? row('haproxy') : { perSecond: Number.NaN, cpuUs: Number.NaN };
  const direct = names.includes('direct') ? row('direct').p50 : Number.NaN;
  for (const name of names) {
    const r = row(name);
    console.log(
      `${name.padEnd(10)} ${r.perSecond.toFixed(0).padStart(7)} ${r.cpuUs.toFixed(1).padStart(12)} ${r.p50.toFixed(0).padStart(8)} ${r.p99.toFixed(0).padStart(8)} ${String(r.failed).padStart(7)}` +
        ` ${(r.perSecond / reference.perSecond).toFixed(2).padStart(18)} ${(r.cpuUs / reference.cpuUs).toFixed(2).padStart(16)} ${(r.p50 - direct).toFixed(0).padStart(14)}`,
    );
  }
}

/** Generator, load balancer and two applications: what all of it costs, in per cent of one core. */
async function wholeLab() {
  const { launchLab } = await import('../dist/lab/launch.js');
  const targets = ['a', 'b'].map((target, i) => ({ target, instance: `i-${i + 1}` }));
  const lab = await launchLab({
    preset: 'lab-fast',
    name: 'bench',
    region: 'us-east-1',
    seed: 1,
    // The applications answer at once: their 2 ms are not what is measured here.
    knobs: { latencyMs: 0 },
    instances: targets,
    version: 'v1',
  });
  try {
    const urls = lab.nodes.map(({ host, port }) => `http://${host}:${port}/`);
    console.log(
      '\nwhole lab (generator + load balancer + two applications)\nrate/s   CPU % of one core   generator %   late p50/p99 ms   latency p50/p99 us   failed / never sent',
    );
    for (const rate of [2_000, 10_000]) {
      await generate({ urls, rate, seconds: 1 });
      const pids = [process.pid, lab.pid, ...childrenOf(lab.pid)];
      const [before, own] = [cpuSeconds(pids), cpuSeconds([process.pid])];
      const startedMs = performance.now();
      const load = await generate({ urls, rate, seconds: SECONDS * 2 });
      const seconds = (performance.now() - startedMs) / 1_000;
      const share = (cpu) => ((cpu / seconds) * 100).toFixed(0);
      console.log(
        `${String(rate).padStart(6)} ${share(cpuSeconds(pids) - before).padStart(19)} ${share(cpuSeconds([process.pid]) - own).padStart(13)}   ` +
          `${quantile(load.latenessUs, 0.5) / 1e3} / ${quantile(load.latenessUs, 0.99) / 1e3}`.padEnd(18) +
          `${quantile(load.latencyUs, 0.5)} / ${quantile(load.latencyUs, 0.99)}`.padEnd(21) +
          `${load.failed} / ${load.dropped}`,
      );
    }
  } finally {
    await lab.stop();
  }
}

function wrk(port, seconds) {
  const out = execFileSync('wrk', ['-t1', `-c${CONNECTIONS}`, `-d${seconds}`, `http://127.0.0.1:${port}/`], {
    encoding: 'utf8',
  });
  const bad = /Socket errors.*|Non-2xx.*/.exec(out);
  if (bad !== null) throw new Error(`wrk on port ${port}: ${bad[0]}`);
  return Number(/(\d+) requests in/.exec(out)[1]);
}

/** User + system time of the processes with their finished threads; 10-ms steps. */
function cpuSeconds(pids) {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) / 100;
  }, 0);
}

function childrenOf(pid) {
  return readdirSync(`/proc/${pid}/task`).flatMap((tid) =>
    readFileSync(`/proc/${pid}/task/${tid}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port))),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function opens(port) {
  for (let attempt = 0; attempt < 100; attempt++) {
    const open = await new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port }, () => resolve(true));
      socket.on('error', () => resolve(false)).on('close', () => socket.destroy());
      setTimeout(() => socket.destroy(), 200);
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** One process without master, so that its pid is where the work is done. */
function startNginx(dir, name, config) {
  const file = join(dir, `${name}.conf`);
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${dir}/${kind};`);
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${dir}/${name}.pid; error_log stderr crit;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; keepalive_timeout 600s; ${temp.join(' ')}
${config} }`,
  );
  return spawn('nginx', ['-c', file, '-p', dir], { stdio: ['ignore', 'ignore', 'inherit'] });
}

function appsConfig(ports) {
  return ports.map((port) => `server { listen 127.0.0.1:${port}; location / { return 200 "ok"; } }`).join('\n');
}

function nginxConfig(port, backends) {
  const servers = backends.map((backend) => `server 127.0.0.1:${backend};`).join(' ');
  return `upstream apps { least_conn; ${servers} keepalive 128; keepalive_requests 100000000; }
server { listen 127.0.0.1:${port}; location / { proxy_pass http://apps; proxy_http_version 1.1; proxy_set_header Connection "";
  proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Port $server_port; } }`;
}

function haproxyConfig(port, backends) {
  return `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
  option forwardfor
frontend in
  bind 127.0.0.1:${port}
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Port ${port}
  default_backend apps
backend apps
  balance leastconn
${backends.map((backend, i) => `  server s${i} 127.0.0.1:${backend}`).join('\n')}
`;
}
