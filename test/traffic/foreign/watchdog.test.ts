import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

const HOST = pathToFileURL(new URL('../../../dist/traffic/foreign/process-host.js', import.meta.url).pathname).href;

/** Starts a parent that starts `sleep` through the host, prints its pid and then does as told. */
async function parent(then: string) {
  const code = `const { processHost } = await import(${JSON.stringify(HOST)});
    const child = processHost(process.env).start(['sleep', '60'], { env: { PATH: process.env.PATH } });
    console.log(child.pid); ${then}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = await new Promise<number>((resolve) => child.stdout.once('data', (part) => resolve(Number(part))));
  return { child, pid };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (gone) {
    void gone;
    return false;
  }
}

describe('processHost', () => {
  it('takes the load generator down when this process is killed outright', async () => {
    const { child, pid } = await parent('setInterval(() => {}, 1000);');
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    for (let i = 0; i < 400 && isAlive(pid); i++) await wait(25);
    expect(isAlive(pid)).toBe(false);
  });

  it('ends by itself once the generator has ended: no watchdog holds it', async () => {
    const { child, pid } = await parent("setTimeout(() => child.kill('SIGTERM'), 50);");
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(0);
    expect(isAlive(pid)).toBe(false);
  });
});
