import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Address } from '../../../src/traffic/embedded/address-book.js';
import { type ControlTarget, loopbackTarget } from '../../../src/traffic/embedded/control-target.js';
import { runInProcess } from './in-process.js';
import { answerOk, type Peer, peer } from './peers.js';

let service: Peer | null = null;
afterEach(async () => {
  await service?.close();
  service = null;
});

async function runAgainst(control: ControlTarget) {
  service = await peer(answerOk);
  const { rows, messages } = await runInProcess(
    { maxDurationMs: 1500, service: { url: `http://127.0.0.1:${service.port}/` } },
    { control },
  );
  const figures = messages.flatMap((m) => (m.kind === 'control' ? [m.figures] : []));
  return {
    rows,
    messages,
    sent: figures.reduce((sum, f) => sum + f.sent, 0),
    failed: figures.reduce((sum, f) => sum + f.failed, 0),
  };
}

const listening = (target: ControlTarget) =>
  new Promise<Address>((resolve, reject) =>
    target.listen((error, address) => (address === null ? reject(new Error(error ?? '')) : resolve(address))),
  );

/** The code with which a connection fails, or null when it is made. */
const refusalOf = ({ ip, port }: Address) =>
  new Promise<string | null>((resolve) => {
    const socket = connect(port, ip, () => {
      socket.destroy();
      resolve(null);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });

describe('the control target on real sockets', () => {
  it('answers every probe, and the service sees none of them', async () => {
    const { rows, sent, failed } = await runAgainst(loopbackTarget());
    expect(sent).toBeGreaterThan(7);
    expect(sent).toBeLessThanOrEqual(16);
    expect(failed).toBe(0);
    const fired = rows.filter((r) => !Number.isNaN(r.sentAt)).map((r) => r.seq);
    expect(service!.seen.map((s) => s.seq).sort((a, b) => a - b)).toEqual(fired);
  });

  it('has every probe fail when nothing listens there, and no sample suffers', async () => {
    const gone = loopbackTarget();
    const address = await listening(gone);
    gone.close();
    const { rows, sent, failed } = await runAgainst({ ...gone, listen: (told) => told(null, address) });
    expect(sent).toBeGreaterThan(7);
    expect(failed).toBe(sent);
    expect(rows.every((r) => r.error === null || r.error === 'ROLLPROOF_DROPPED')).toBe(true);
  });

  it('blames no probe for a stall longer than its timeout', async () => {
    const target = loopbackTarget();
    let opened = 0;
    const { sent, failed, messages } = await runAgainst({
      ...target,
      opener: (events) => {
        const open = target.opener(events);
        return (connection, address) => {
          const socket = open(connection, address);
          // The thread stands still with a probe just on its way.
          const until = performance.now() + (++opened === 4 ? 1050 : 0);
          while (performance.now() < until);
          return socket;
        };
      },
    });
    expect(messages.some((m) => m.kind === 'stall' && m.span.to - m.span.from >= 1050)).toBe(true);
    expect(sent).toBeGreaterThan(3);
    expect(failed).toBe(0);
  });

  it('closes its port and cuts what is open, even when told to before it listens', async () => {
    const target = loopbackTarget();
    const address = await listening(target);
    const held = connect(address.port, address.ip);
    await new Promise((resolve) => held.once('connect', resolve));
    const cut = new Promise((resolve) => held.once('close', resolve));
    // Until the server side has it too.
    held.on('error', () => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
    target.close();
    held.resume();
    await cut;
    expect(await refusalOf(address)).toBe('ECONNREFUSED');

    const hasty = loopbackTarget();
    let told = 0;
    hasty.listen(() => told++);
    hasty.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told).toBe(0);
  });

  it('keeps no process alive', async () => {
    expect(
      await inProcess('loopbackTarget().listen((error, address) => console.log(error, address.port > 0));'),
    ).toEqual([0, 'null true\n']);
  });

  it('tells why it cannot listen', async () => {
    const exhausted = `import { openSync } from 'node:fs';
      console.log('');
      try { for (;;) openSync('/dev/null'); } catch {}
      loopbackTarget().listen((error, address) => console.log(error, address));`;
    expect(await inProcess(exhausted)).toEqual([0, '\nEMFILE null\n']);
  });
});

/** Exit code and output of a process of its own, with few file descriptors, that runs `code` on the compiled target. */
async function inProcess(code: string): Promise<[exit: number, output: string]> {
  const url = new URL('../../../dist/traffic/embedded/control-target.js', import.meta.url).href;
  const script = `import { loopbackTarget } from ${JSON.stringify(url)};\n${code}`;
  const child = spawn('sh', ['-c', 'ulimit -n 128; exec "$0" --input-type=module -e "$1"', process.execPath, script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
  });
  return [await new Promise((resolve) => child.once('close', resolve)), output];
}
