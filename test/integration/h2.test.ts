import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/domain/result.js';
import { systemClock } from '../../src/lab/dataplane/node-clock.js';
import { CONFIG_FILE } from '../../src/lab/haproxy/config.js';
import { ownConfig } from '../../src/lab/haproxy/own.js';
import { startHaproxy } from '../../src/lab/haproxy/running.js';
import { freePort } from '../../src/lab/haproxy/start.js';
import { labSettings } from '../../src/lab/presets.js';
import { haproxyOrSkip } from '../lab/haproxy/tools.js';
import { rollproof } from '../support/rollproof.js';
import { TLS } from '../traffic/embedded/h2-peer.js';

const program = haproxyOrSkip();
const folder = mkdtempSync(join(tmpdir(), 'rollproof-h2-'));
const ends: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
  rmSync(folder, { recursive: true, force: true });
});

/** An application that names itself and its version; `/deploy` puts the next one there. */
async function application(name: string): Promise<number> {
  let version = 1;
  const server = createServer((request, response) => {
    if (request.url === '/deploy') version++;
    response.setHeader('X-Target', name);
    response.setHeader('X-Version', `v${version}`);
    response.setHeader('X-Boot-Id', `${name} ${version}`);
    response.end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A real HAProxy that ends TLS and, if its ALPN says so, HTTP/2, as an Application Load Balancer does. */
async function shop(alpn: string) {
  const ports = [await application('web-1'), await application('web-2')];
  const crt = join(folder, 'service.pem');
  writeFileSync(crt, TLS.cert + TLS.key);
  writeFileSync(join(folder, 'ca.pem'), TLS.cert);
  const { knobs } = labSettings('lab-fast', { kind: 'haproxy', healthIntervalMs: 100 });
  const port = await freePort('127.0.0.1', 0);
  const lines = ports.map((each, i) => ({ name: `web-${i + 1}`, host: '127.0.0.1', port: each, disabled: false }));
  const bind = `bind 127.0.0.1:${port}`;
  const config = ownConfig(lines, knobs, '127.0.0.1', port).replace(bind, `${bind} ssl crt ${crt} alpn ${alpn}`);
  const running = await startHaproxy(new Map([[CONFIG_FILE, config]]), {
    program: program!,
    clock: systemClock,
    killProcess: (pid) => process.kill(pid, 'SIGKILL'),
    onFatal: () => {},
  });
  ends.push(() => running.stop());
  const script = `fetch('http://127.0.0.1:' + { 'web-1': ${ports[0]}, 'web-2': ${ports[1]} }[process.env.ROLLPROOF_INSTANCE] + '/deploy')`;
  const file = join(folder, 'h2.yaml');
  writeFileSync(
    file,
    `
name: h2
environment: test
service: { url: "https://service.test:${port}/", ok: { status: [200] } }
balancer: { kind: haproxy, socket: ${running.socket}, backend: targets, drainTimeout: 1s }
targets:
  - { id: one, instance: web-1 }
  - { id: two, instance: web-2 }
rollout:
  sleep: { afterDetach: 1s, afterAttach: 600ms }
  version: v2
  previousVersion: v1
  deploy: { command: [node, -e, ${JSON.stringify(script)}], timeout: 20s }
traffic:
  rate: 200/s
  lanes: { new: 1, reuse: 0, h2: 2 }
  timeout: 5s
  warmUp: 300ms
  baseline: 900ms
  settle: 300ms
  tls: { ca: ca.pem }
  resolve: { service.test: [127.0.0.1] }
# Who left, who came, what failed; the machine is shared, so nothing about fine resolution.
policy:
  slo: 98%
  fullOutage: 2s
  targetOutage: 5s
  gates: { maxStall: 1500ms, late: 1500ms, maxLate: 0.5, maxDropped: 0.2, minBaseline: 20, maxControlFailed: 0.05 }
`,
  );
  return file;
}

const run = (file: string) =>
  rollproof(['run', file, '--yes', '--json', '--quiet', '-o', join(folder, 'out')], {
    env: { ROLLPROOF_STATE_DIR: folder },
  }).ended;

describe.skipIf(program === null)('a roll watched over HTTP/2', () => {
  it('through a balancer that speaks it, is proven like any other', async () => {
    const { code, out, err } = await run(await shop('h2,http/1.1'));
    if (out.trim() === '') throw new Error(`no result, exit ${code}:\n${err}`);
    const { verdict, lanes, claims, replacements } = JSON.parse(out) as RunResult;
    // A machine with no time for the generator or the applications costs the PASS, and must say so.
    if (verdict.kind !== 'PASS')
      expect(verdict.codes.join(), JSON.stringify(verdict)).toMatch(/GEN_|REPLACEMENT_UNPROVEN|TOO_FEW_REQUESTS/);
    expect(code).toBe(verdict.kind === 'PASS' ? 0 : 2);
    const h2 = lanes.find(({ lane }) => lane === 'h2')!;
    expect(lanes.map(({ lane }) => lane)).toEqual(['new', 'h2']);
    expect(h2.requests).toBeGreaterThan(50);
    expect(h2).toMatchObject({ failed: 0, connections: { failed: 0 } });
    expect(h2.connections!.used).toBeGreaterThan(0);
    expect(claims.sentences[0]).toContain('(h2)');
    if (verdict.kind === 'PASS') expect(replacements.map((r) => r.left && r.returned)).toEqual([true, true]);
  }, 60_000);

  it('is refused before anything is touched where the balancer does not speak it', async () => {
    const { code, out, err } = await run(await shop('http/1.1'));
    expect(out + err).toMatch(/does not choose HTTP\/2/);
    expect(code).toBe(3);
  }, 60_000);
});
