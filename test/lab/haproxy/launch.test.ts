import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { LabState } from '../../../dist/lab/lab-state.js';
import { type LabHandle, type LabOptions, launchLab } from '../../../dist/lab/launch.js';
import { labStartError } from '../../../src/cli/lab-start-error.js';
import { ToolMissing } from '../../../src/lab/tool-missing.js';
import { rollproof } from '../../support/rollproof.js';
import { haproxyOrSkip } from './tools.js';

const OPTIONS: LabOptions = {
  preset: 'lab-fast',
  name: 'shop',
  region: 'eu-west-1',
  seed: 3,
  knobs: { dataPlane: 'haproxy' },
  instances: [
    { target: 'staging-1', instance: 'i-0aa' },
    { target: 'staging-2', instance: 'i-0bb' },
  ],
  version: 'v1',
};
const LAUNCH = new URL('../../../dist/lab/launch.js', import.meta.url).href;
const program = haproxyOrSkip();
let lab: LabHandle | undefined;
afterEach(async () => {
  await lab?.stop();
  lab = undefined;
});

async function haproxyPids(at: Pick<LabHandle, 'controlUrl' | 'controlToken'>): Promise<number[]> {
  const answer = await fetch(`${at.controlUrl}/state`, { headers: { authorization: `Bearer ${at.controlToken}` } });
  const state = (await answer.json()) as LabState;
  return state.loadBalancers.flatMap(({ nodes }) => nodes.map(({ pid }) => pid!));
}

/** A zombie waiting for its parent to look is gone all the same. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (gone) {
    void gone;
    return false;
  }
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not so within 5 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The private folders of this test's own HAProxy processes: where they run. */
const foldersOf = (pids: readonly number[]) => readdirSync(tmpdir()).filter((name) => isFolderOf(name, pids));
function isFolderOf(name: string, pids: readonly number[]): boolean {
  return name.startsWith('rollproof-haproxy-') && pids.some((pid) => commandsNaming(name).includes(pid));
}
/** HAProxy's guard, its parent, has the folder among its arguments. */
function commandsNaming(name: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => textOf(`/proc/${pid}/cmdline`).includes(name))
    .flatMap((guard) => textOf(`/proc/${guard}/task/${guard}/children`).trim().split(' ').map(Number));
}
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (gone) {
    void gone;
    return '';
  }
}

describe.skipIf(program === null)('a lab on HAProxy', () => {
  it('has a HAProxy per node, and stopped leaves none', async () => {
    lab = await launchLab(OPTIONS);
    const pids = await haproxyPids(lab);
    expect(new Set(pids).size).toBe(2);
    expect(pids.every(isAlive)).toBe(true);
    const folders = foldersOf(pids);
    for (const { host, port } of lab.nodes) expect((await fetch(`http://${host}:${port}/`)).status).toBe(200);
    await lab.stop();
    await until('HAProxy is gone', () => !pids.some(isAlive));
    expect(folders.filter((name) => existsSync(join(tmpdir(), name)))).toEqual([]);
  });

  it('killed, it leaves no HAProxy and no folder', async () => {
    lab = await launchLab(OPTIONS);
    const pids = await haproxyPids(lab);
    const folders = foldersOf(pids);
    if (process.platform === 'linux') expect(folders).toHaveLength(2);
    process.kill(lab.pid, 'SIGKILL');
    await until('HAProxy is gone', () => !pids.some(isAlive));
    await until('the folders are gone', () => folders.every((name) => !existsSync(join(tmpdir(), name))));
  });

  it('HAProxy dies with the process that launched the lab, however that ends', async () => {
    const script = `const { launchLab } = await import(${JSON.stringify(LAUNCH)});
      const { controlUrl, controlToken } = await launchLab(${JSON.stringify(OPTIONS)});
      console.log(JSON.stringify({ controlUrl, controlToken }));`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = await new Promise<string>((resolve) => parent.stdout.once('data', (chunk) => resolve(String(chunk))));
    const pids = await haproxyPids(JSON.parse(line) as LabHandle);
    expect(pids.every(isAlive)).toBe(true);
    parent.kill('SIGKILL');
    await until('HAProxy is gone', () => !pids.some(isAlive));
  });

  it('ends, saying why, when a HAProxy ends', async () => {
    lab = await launchLab(OPTIONS);
    const pids = await haproxyPids(lab);
    process.kill(pids[0]!, 'SIGKILL');
    expect((await lab.exited).stderrTail).toMatch(/HAProxy ended by itself|HAProxy's runtime API/);
    await until('the other one is gone', () => !pids.some(isAlive));
  });

  it('can be an Application Load Balancer', async () => {
    lab = await launchLab({ ...OPTIONS, knobs: { dataPlane: 'haproxy', kind: 'application' } });
    expect(lab.kind).toBe('application');
    expect(lab.note).toBeNull();
    for (const { host, port } of lab.nodes) expect((await fetch(`http://${host}:${port}/`)).status).toBe(200);
  });

  it('says what of a preset HAProxy does not have', async () => {
    lab = await launchLab({ ...OPTIONS, preset: 'aws-clb', knobs: { dataPlane: 'haproxy', timeScale: 0.01 } });
    expect(lab.note).toContain('HAProxy opens no connections in advance');
  });
});

describe('a HAProxy that is not there', () => {
  const env = { ROLLPROOF_HAPROXY: '/nonexistent/haproxy' };

  it('is exit 69 with a hint, for the lab alone and for a run, and nothing is left', async () => {
    const out = mkdtempSync(join(tmpdir(), 'rollproof-no-haproxy-'));
    const ends = await Promise.all([
      rollproof(['lab', '--set', 'dataPlane=haproxy'], { env }).ended,
      rollproof(['run', 'scenarios/haproxy/lab.yaml', '-o', out], { env: { ...env, ROLLPROOF_STATE_DIR: out } }).ended,
    ]);
    for (const { code, err } of ends) {
      expect(err).toContain("needs HAProxy, and there is no program '/nonexistent/haproxy'");
      expect(err).toContain('apt-get install haproxy');
      expect(code).toBe(69);
    }
    rmSync(out, { recursive: true, force: true });
  });

  it('is told apart from every other fault of the start', () => {
    expect(labStartError(new ToolMissing('no haproxy', 'install it'), 'other')).toMatchObject({
      code: 'TOOL_MISSING',
      exitCode: 69,
      hint: 'install it',
    });
    expect(labStartError(new Error('EADDRINUSE'), 'other')).toMatchObject({ code: 'LAB_START_FAILED', hint: 'other' });
  });

  it.each([
    ['listener=tcp', /'listener' must be http with 'dataPlane' haproxy/],
    ['kind=network', /'listener' must be http with 'dataPlane' haproxy/],
    ['preopen=2', /'preopen' cannot be set with 'dataPlane' haproxy/],
    ['surgeQueue=5', /'surgeQueue' cannot be set/],
    ['rstAtDrainEnd=true', /'rstAtDrainEnd' cannot be set/],
    ['dataPlane=nginx', /'dataPlane' must be one of own, haproxy/],
  ])('%s is refused before anything starts', async (set, message) => {
    const { code, err } = await rollproof(['lab', '--set', 'dataPlane=haproxy', '--set', set], { env }).ended;
    expect(err).toMatch(message);
    expect(code).toBe(64);
  });

  it('access logs are refused too', async () => {
    const argv = ['lab', '--set', 'dataPlane=haproxy', '--access-log', tmpdir()];
    const { code, err } = await rollproof(argv, { env }).ended;
    expect(err).toContain("access logs cannot be had with 'dataPlane' haproxy");
    expect(code).toBe(64);
  });
});
