import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { findCredentials } from '../balancer/credentials.js';
import { canvasProblem } from '../report/charts/png.js';
import { limitsReader, linuxFiles } from '../traffic/embedded/system-limits.js';
import { stateDir } from './balancer-lock.js';
import { type DoctorFinding, notOk, ok } from './doctor-findings.js';
import type { Io } from './io.js';

const NODE_NEEDED = [20, 19] as const;
const PORTS_LOW = 10_000;
const FILES_LOW = 4096;
const DISK_LOW_BYTES = 1e9;
/** The instance metadata service is asked for this long: outside AWS nobody answers. */
const CREDENTIALS_MS = 3_000;
/** Clock sources that cost nothing to read; the others are system calls, and jump on some machines. */
const GOOD_CLOCKS = /^(tsc|kvm-clock|arch_sys_counter|hyperv_clocksource\w*)$/;

/** What of this machine bears on a run. Touches nothing but a file of its own in the state directory. */
export async function machineFindings(io: Io): Promise<readonly DoctorFinding[]> {
  return [
    nodeVersion(io),
    cores(),
    await secondAddress(),
    ...limits(),
    clockSource(),
    disk(io),
    stateDirectory(io),
    await pictures(),
    await credentials(),
  ];
}

function nodeVersion({ tools }: Io): DoctorFinding {
  const version = tools.node ?? 'unknown';
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const isNew = major > NODE_NEEDED[0] || (major === NODE_NEEDED[0] && minor >= NODE_NEEDED[1]);
  const message = `Node ${version} on ${tools.platform ?? 'an unknown platform'}`;
  return isNew ? ok('node', message) : notOk('problem', 'node', message, `needs ${NODE_NEEDED.join('.')} or newer`);
}

function cores(): DoctorFinding {
  const [count, load] = [availableParallelism(), loadavg()[0] ?? 0];
  const message = `${count} cores, load ${load.toFixed(1)}, ${Math.round(totalmem() / 2 ** 30)} GiB of memory`;
  if (count >= 2 && load < count) return ok('cores', message);
  return notOk('warning', 'cores', message, 'a busy machine costs the PASS (GEN_STALL): let nothing else run beside');
}

/** The lab's balancer has several nodes, each at an address of its own. */
function secondAddress(): Promise<DoctorFinding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) =>
      resolve(
        notOk(
          'warning',
          'loopback',
          `127.0.0.2 cannot be used (${(error as NodeJS.ErrnoException).code ?? error.message})`,
          'the lab keeps to one address; on macOS: sudo ifconfig lo0 alias 127.0.0.2',
        ),
      ),
    );
    server.listen(0, '127.0.0.2', () => server.close(() => resolve(ok('loopback', '127.0.0.2 can be used'))));
  });
}

function limits(): readonly DoctorFinding[] {
  const { ports, files } = limitsReader(linuxFiles)();
  const one = (id: string, name: string, usage: typeof ports, low: number, hint: string): DoctorFinding => {
    if (usage === null) return ok(id, `${name}: the system does not tell`);
    const message = `${name}: ${usage.inUse} of ${usage.limit} in use`;
    return usage.limit - usage.inUse >= low ? ok(id, message) : notOk('warning', id, message, hint);
  };
  return [
    one('ports', 'ephemeral ports', ports, PORTS_LOW, 'sysctl -w net.ipv4.ip_local_port_range="1024 65535"'),
    one('files', 'open files', files, FILES_LOW, 'ulimit -n 65536 in the shell that starts rollproof'),
  ];
}

function clockSource(): DoctorFinding {
  const name = textOf('/sys/devices/system/clocksource/clocksource0/current_clocksource');
  if (name === null) return ok('clock', 'clock source: the system does not tell');
  if (GOOD_CLOCKS.test(name)) return ok('clock', `clock source ${name}`);
  return notOk('warning', 'clock', `clock source ${name}`, 'slow to read: times are coarser, and high rates cost more');
}

function disk({ cwd }: Io): DoctorFinding {
  try {
    const { bavail, bsize } = statfsSync(cwd);
    const free = bavail * bsize;
    const message = `${(free / 1e9).toFixed(1)} GB free here`;
    if (free >= DISK_LOW_BYTES) return ok('disk', message);
    return notOk('warning', 'disk', message, 'a run that cannot write its facts is never PASS');
  } catch (cause) {
    return notOk('warning', 'disk', `free space here is not known: ${(cause as Error).message}`, 'check the folder');
  }
}

function stateDirectory({ env, randomToken }: Io): DoctorFinding {
  const dir = stateDir(env);
  try {
    mkdirSync(dir, { recursive: true });
    const file = join(dir, `doctor-${randomToken().slice(0, 8)}`);
    writeFileSync(file, '', { flag: 'wx' });
    rmSync(file);
    return ok('state', `state directory ${dir} can be written`);
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const hint = 'locks and recovery live there: set ROLLPROOF_STATE_DIR to a writable directory';
    return notOk('problem', 'state', `state directory ${dir} cannot be written (${why})`, hint);
  }
}

async function pictures(): Promise<DoctorFinding> {
  const problem = await canvasProblem();
  if (problem === null) return ok('pictures', 'chart pictures can be drawn');
  return notOk('warning', 'pictures', `no chart pictures: ${problem}`, 'every other report is written all the same');
}

async function credentials(): Promise<DoctorFinding> {
  const { found, from } = await findCredentials(CREDENTIALS_MS);
  if (found) return ok('aws', `AWS credentials found${from === null ? '' : ` (${from})`}; nothing was asked with them`);
  const hint = 'for elb-classic and elbv2: AWS_PROFILE, AWS_ACCESS_KEY_ID, or an instance role';
  return notOk('absent', 'aws', 'no AWS credentials', hint);
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (absent) {
    void absent;
    return null;
  }
}
