// Deploy command of bench/compare.mjs: deploys through the lab, and writes what the lab itself says of the target:
// when each node let go of it (removed) and when the last took it back healthy, CLOCK_MONOTONIC ms.
// usage: node bench/lab-truth.mjs FILE   (environment of a lab deploy) · node bench/lab-truth.mjs --watch FILE INSTANCE
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const POLL_MS = 15;
const LIMIT_MS = 30_000;
const { ROLLPROOF_LAB_CONTROL: control, ROLLPROOF_LAB_TOKEN: token, ROLLPROOF_INSTANCE: instance } = process.env;
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const [first, second] = process.argv.slice(2);
if (first === '--watch') await watch(second);
else await deploy(first);

async function state() {
  const response = await fetch(new URL('/state', control), { headers: { Authorization: `Bearer ${token}` } });
  return (await response.json()).loadBalancers[0];
}

async function deploy(file) {
  const before = await state();
  const left = before.events.filter((e) => e.instanceId === instance && e.change === 'removed').map((e) => e.atMs);
  write(file, {
    what: 'left',
    atMs: left.length < before.nodes.length ? null : Math.max(...left.slice(-before.nodes.length)),
  });
  const child = spawn(process.execPath, [main, 'lab', 'deploy'], { stdio: 'inherit' });
  const code = await new Promise((resolve) => child.on('close', resolve));
  spawn(process.execPath, [fileURLToPath(import.meta.url), '--watch', file], {
    detached: true,
    stdio: 'ignore',
  }).unref();
  process.exitCode = code ?? 1;
}

/** Polls until every node routes to the target and finds it healthy; ends with the lab, or after half a minute. */
async function watch(file) {
  const began = Number(process.hrtime.bigint()) / 1e6;
  for (let now = began; now - began < LIMIT_MS; now = Number(process.hrtime.bigint()) / 1e6) {
    const seen = await state().catch(() => null);
    if (seen === null) return;
    const own = seen.instances.find((i) => i.instance === instance);
    if (own?.nodes.every((n) => n.routed && n.health === 'healthy')) {
      write(file, { what: 'back', atMs: now });
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function write(file, line) {
  appendFileSync(file, `${JSON.stringify({ instance, ...line })}\n`);
}
