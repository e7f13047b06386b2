import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const beside = (name) => fileURLToPath(new URL(name, import.meta.url));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Clients of the closed loop: `argv(port, connections)` of a program that goes on until it is killed, how long it takes to get
 * warm, and `missing`, a word on why it cannot be asked. Nothing is installed for them.
 */
export function closedPeers() {
  const node = (kind) => ({
    name: kind === 'http' ? 'node:http' : kind === 'own' ? 'rollproof' : kind,
    argv: (port, connections) => [process.execPath, beside('closed.mjs'), kind, String(port), String(connections)],
    warmMs: 1000,
    missing: null,
  });
  const k6 = k6Program();
  const jar = jmeterJar();
  return [
    {
      name: 'wrk',
      argv: (port, connections) => ['wrk', '-t1', `-c${connections}`, '-d600s', `http://127.0.0.1:${port}/`],
      warmMs: 500,
      missing: runs('wrk', '-v') ? null : 'no wrk on PATH',
    },
    node('own'),
    node('undici'),
    {
      name: 'autocannon',
      argv: (port, connections) => [
        process.execPath,
        beside('../../node_modules/autocannon/autocannon.js'),
        ...['--connections', String(connections), '--duration', '600', '--no-progress', `http://127.0.0.1:${port}/`],
      ],
      warmMs: 1000,
      missing: existsSync(beside('../../node_modules/autocannon')) ? null : 'not installed (npm ci)',
    },
    node('http'),
    {
      name: 'k6',
      argv: (port, connections) => k6Argv(k6, { port, rate: 0, vus: connections, seconds: 600 }),
      warmMs: 1500,
      missing: k6 === null ? 'no k6 v2 (ROLLPROOF_K6 or PATH)' : null,
    },
    {
      name: 'JMeter',
      argv: (port, connections) => jmeterArgv(jar, port, connections),
      // The JIT needs that long; before it JMeter looks twice as expensive as it is.
      warmMs: 5000,
      missing: jar === null ? 'no JMeter 5 (JMETER_HOME) or no java' : null,
    },
  ];
}

/** Runs one of them and takes, over `seconds` once it is warm: requests/s, and its CPU per request in µs. */
export async function measureClosed(peer, target, connections, seconds) {
  const dir = mkdtempSync(join(tmpdir(), 'rollproof-bench-'));
  const child = spawn(...command(peer.argv(target.port, connections)), { cwd: dir, stdio: 'ignore' });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  try {
    await firstRequest(target, child);
    await sleep(peer.warmMs);
    const window = await cpuPerRequest(target, child.pid, seconds);
    return { cpuUs: window.cpuUs, perSecond: window.perSecond };
  } finally {
    child.kill('SIGKILL');
    await gone;
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Our own engine, undici or node:http in the open loop (open.mjs): its own figures, CPU per request in µs. */
export async function measureOpen(kind, port, rate, seconds, more = {}) {
  const child = spawn(process.execPath, [beside('open.mjs'), JSON.stringify({ kind, port, rate, seconds, ...more })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const figures = JSON.parse(await output(child));
  return { ...figures, cpuUs: figures.cpuUs / figures.sent, share: figures.cpuUs / seconds / 1e6 };
}

/**
 * k6 at a constant arrival rate, with places for 50 ms of it. CPU from the running process, one second after its first
 * request; the lateness comes from a run of its own, for measuring it costs k6 CPU.
 */
export async function measureK6(target, rate, seconds, measuresLateness) {
  const vus = Math.ceil(Math.max(20, rate * 0.05));
  const argv = k6Argv(k6Program(), { port: target.port, rate, vus, seconds: seconds + 2 }, measuresLateness);
  const child = spawn(...command(argv), { stdio: ['ignore', 'pipe', 'ignore'] });
  const said = output(child);
  await firstRequest(target, child);
  await sleep(1000);
  const window = await cpuPerRequest(target, child.pid, seconds);
  const { lateness, dropped, sent } = JSON.parse((await said).split('\n').find((line) => line.startsWith('{')));
  const of = (q) => lateness?.[`p(${q})`] ?? Number.NaN;
  return { ...window, p50: of(50), p99: of(99), p999: of('99.9'), dropped, sent };
}

export function hasK6() {
  return k6Program() !== null;
}

function command([program, ...args]) {
  return [program, args];
}

function k6Argv(program, { port, rate, vus, seconds }, measuresLateness = false) {
  const env = {
    RATE: rate,
    VUS: vus,
    SECONDS: seconds,
    URL: `http://127.0.0.1:${port}/`,
    LATENESS: measuresLateness ? 1 : 0,
  };
  const flags = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  return [
    program,
    'run',
    '--quiet',
    '--no-color',
    '--log-output=none',
    '--no-usage-report',
    ...flags,
    beside('probe.k6.js'),
  ];
}

function jmeterArgv(jar, port, connections) {
  const properties = { threads: connections, port, 'httpclient4.retrycount': 0, 'summariser.name': '' };
  return [
    'java',
    ...['-Djava.awt.headless=true', '-Xms512m', '-Xmx512m', '-jar', jar, '-n', '-t', beside('closed.jmx')],
    ...['-l', 'rows.jtl', '-j', 'jmeter.log'],
    ...Object.entries(properties).map(([name, value]) => `-J${name}=${value}`),
  ];
}

function k6Program() {
  const kept = join(homedir(), '.cache/rollproof-tools');
  const built = existsSync(kept)
    ? readdirSync(kept)
        .filter((name) => /^k6-v2/.test(name))
        .map((name) => join(kept, name))
    : [];
  return [process.env.ROLLPROOF_K6, 'k6', ...built].find((name) => name !== undefined && runs(name, 'version')) ?? null;
}

function jmeterJar() {
  const kept = join(homedir(), '.cache/rollproof-tools/apache-jmeter-5.6.3');
  const home = [process.env.JMETER_HOME, kept].find(
    (dir) => dir !== undefined && existsSync(join(dir, 'bin/ApacheJMeter.jar')),
  );
  return home !== undefined && runs('java', '-version') ? join(home, 'bin/ApacheJMeter.jar') : null;
}

function runs(program, flag) {
  return spawnSync(program, [flag], { stdio: 'ignore' }).error === undefined;
}

async function firstRequest(target, child) {
  const before = await target.served();
  // Each question is a request as well.
  for (let asked = 1; ; asked++) {
    if (child.exitCode !== null || asked > 1200) throw new Error(`${child.spawnfile} never sent a request`);
    await sleep(50);
    if ((await target.served()) > before + asked) return;
  }
}

async function cpuPerRequest(target, pid, seconds) {
  const [served, cpu, at] = [await target.served(), cpuUs(pid), performance.now()];
  await sleep(seconds * 1000);
  const used = cpuUs(pid) - cpu;
  const elapsed = performance.now() - at;
  const requests = (await target.served()) - served - 1;
  return { cpuUs: used / requests, perSecond: (requests / elapsed) * 1000, share: used / elapsed / 1000 };
}

/** CPU of a process and of its ended threads, µs, in steps of 10 ms. */
function cpuUs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function output(child) {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (part) => {
      text += part;
    });
    child.once('close', (code) =>
      code === 0 ? resolve(text) : reject(new Error(`${child.spawnfile} ended with ${code}`)),
    );
  });
}
