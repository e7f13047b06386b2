import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/domain/event.js';
import type { DeployConfig } from '../../src/domain/scenario.js';
import { commandDeployer } from '../../src/pipeline/deployers/command.js';
import { fakeClock } from '../support/fake-clock.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-deployer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const NODE = process.execPath;
const request = {
  target: { id: 'staging-1', instance: 'i-1' },
  version: 'v2',
  previousVersion: 'v1',
  stage: 's',
  runId: 'r',
};

function rig(config: Partial<Extract<DeployConfig, { kind: 'command' }>>) {
  const events: RunEvent[] = [];
  const lines: string[] = [];
  const giveUp = new AbortController();
  const markPath = join(folder, `marks-${Math.floor(performance.now() * 1000)}`);
  const deployer = commandDeployer(
    { kind: 'command', command: [NODE, '-e', ''], shell: false, timeoutMs: 20_000, env: {}, cwd: null, ...config },
    {
      events: { append: (e) => events.push(e) },
      clock: fakeClock(),
      env: { PATH: process.env.PATH, SECRET_OF_CI: 'kept' },
      self: [NODE, 'main.js'],
      monotonicOriginNs: 0n,
      markFile: () => ({ path: markPath, read: () => readSafely(markPath) }),
      onOutput: (line) => lines.push(line),
      giveUp: giveUp.signal,
    },
  );
  const ended = () => events.find((e) => e.kind === 'deploy-ended');
  return { deployer, events, lines, ended, giveUp };
}

function readSafely(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (absent) {
    void absent;
    return '';
  }
}

describe('deploy by command', () => {
  it('tells the command what to do by environment and reads its marks', async () => {
    const script = `const fs=require('fs');const e=process.env;
      fs.appendFileSync(e.ROLLPROOF_MARK_FILE, JSON.stringify({what:'down',target:e.ROLLPROOF_TARGET,monotonicNs:'1000000'})+'\\n');
      console.log([e.ROLLPROOF_TARGET,e.ROLLPROOF_INSTANCE,e.ROLLPROOF_VERSION,e.ROLLPROOF_PREVIOUS_VERSION,e.ROLLPROOF_RUN_ID,e.ROLLPROOF_STAGE,e.MINE].join('|'))`;
    const r = rig({ command: [NODE, '-e', script], env: { MINE: 'yes' } });
    await r.deployer.deploy(request, new AbortController().signal);
    expect(r.ended()).toMatchObject({ exitCode: 0, error: null, outputTail: 'staging-1|i-1|v2|v1|r|s|yes\n' });
    expect(r.events.find((e) => e.kind === 'app-observed')).toMatchObject({ at: 1, target: 'staging-1', what: 'down' });
  });

  it('passes arguments as they are: no shell unless asked for', async () => {
    const r = rig({ command: [NODE, '-e', 'console.log(process.argv[1])', '$(touch pwned); `x` "y"'] });
    await r.deployer.deploy(request, new AbortController().signal);
    expect(r.lines).toEqual(['$(touch pwned); `x` "y"']);
  });

  it('fails with the exit code, and keeps the end of a long output', async () => {
    const r = rig({ command: [NODE, '-e', "process.stdout.write('x'.repeat(100000)+'the end',()=>process.exit(7))"] });
    await expect(r.deployer.deploy(request, new AbortController().signal)).rejects.toMatchObject({
      code: 'DEPLOY_FAILED',
      message: expect.stringContaining('exit code 7'),
    });
    const ended = r.ended();
    expect(ended?.kind === 'deploy-ended' && ended.outputTail.endsWith('the end')).toBe(true);
    expect(ended?.kind === 'deploy-ended' && ended.outputTail.length).toBeLessThanOrEqual(16_384);
  });

  it('says which program is missing', async () => {
    const r = rig({ command: ['no-such-deploy-tool'] });
    await expect(r.deployer.deploy(request, new AbortController().signal)).rejects.toMatchObject({
      code: 'DEPLOY_FAILED',
      hint: expect.stringContaining('no-such-deploy-tool'),
    });
  });

  it('ends a command that takes too long, with everything it started', async () => {
    const pidFile = join(folder, 'grandchild');
    const script = `const c=require('child_process').spawn(process.execPath,['-e','setInterval(()=>{},1000)']);
      require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(c.pid)); setInterval(()=>{},1000)`;
    const r = rig({ command: [NODE, '-e', script], timeoutMs: 700 });
    await expect(r.deployer.deploy(request, new AbortController().signal)).rejects.toMatchObject({
      code: 'DEPLOY_TIMEOUT',
    });
    const pid = Number(readFileSync(pidFile, 'utf8'));
    await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
  });

  it('does not wait for a server that the command left running with its output', async () => {
    const r = rig({ command: ['sh', '-c', 'sleep 30 & echo started $!'] });
    const began = performance.now();
    await r.deployer.deploy(request, new AbortController().signal);
    expect(performance.now() - began).toBeLessThan(10_000);
    const pid = Number(/started (\d+)/.exec(r.lines.join())?.[1]);
    expect(isAlive(pid), 'a deployed server stays up').toBe(true);
    process.kill(pid, 'SIGKILL');
  });

  it('ends although something outside its group holds its output', async () => {
    const r = rig({ command: ['sh', '-c', 'setsid sleep 30 & echo $!; sleep 30'], timeoutMs: 400 });
    await expect(r.deployer.deploy(request, new AbortController().signal)).rejects.toMatchObject({
      code: 'DEPLOY_TIMEOUT',
    });
    process.kill(Number(r.lines[0]), 'SIGKILL');
  });

  it('takes no exit code 0 from a command it had to end', async () => {
    const command: [string, ...string[]] = ['sh', '-c', 'trap "exit 0" TERM; echo up; while :; do sleep 0.1; done'];
    const late = rig({ command, timeoutMs: 500 });
    await expect(late.deployer.deploy(request, new AbortController().signal)).rejects.toMatchObject({
      code: 'DEPLOY_TIMEOUT',
    });
    const stop = new AbortController();
    const r = rig({ command });
    const deploying = r.deployer.deploy(request, stop.signal);
    await expect.poll(() => r.lines).toEqual(['up']);
    stop.abort('SIGINT');
    await expect(deploying).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('kills at once, on the second Ctrl-C, what ignores SIGTERM', async () => {
    const stop = new AbortController();
    const r = rig({ command: ['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 0.1; done'] });
    const deploying = r.deployer.deploy(request, stop.signal);
    await expect.poll(() => r.lines).toEqual(['up']);
    const began = performance.now();
    stop.abort('SIGINT');
    r.giveUp.abort('SIGINT');
    await expect(deploying).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(r.ended()).toMatchObject({ exitCode: null });
    expect(performance.now() - began).toBeLessThan(7_000);
  });

  it('tells whole lines whatever pieces they come in', async () => {
    const script = "process.stdout.write('one ha');setTimeout(()=>process.stdout.write('lf\\ntwo'),100)";
    const r = rig({ command: [NODE, '-e', script] });
    await r.deployer.deploy(request, new AbortController().signal);
    expect(r.lines).toEqual(['one half', 'two']);
  });

  it('stops the command when the run is stopped', async () => {
    const stop = new AbortController();
    const r = rig({ command: [NODE, '-e', "console.log('up');setInterval(()=>{},1000)"] });
    const deploying = r.deployer.deploy(request, stop.signal);
    await expect.poll(() => r.lines).toEqual(['up']);
    stop.abort('SIGINT');
    await expect(deploying).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

/** A zombie awaiting its parent counts as gone. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readSafely(`/proc/${pid}/stat`));
  } catch (gone) {
    void gone;
    return false;
  }
}
