// A short scene of a run on the built progress display and the real process, for terminal.test.ts to record.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { liveDisplay } from '../../dist/cli/live.js';
import { processIo } from '../../dist/cli/process-io.js';
import { loadScenario } from '../../dist/config/load.js';

const [what = ''] = process.argv.slice(2);
const file = fileURLToPath(new URL('../../scenarios/lab.yaml', import.meta.url));
const { scenario } = loadScenario(file, { readFile: (p) => readFileSync(p, 'utf8'), env: {} });
const hostile = what === 'hostile' ? '\u001b[2J\u001b]0;x\u0007\u202e\u009b31m##[error]' : '';
let now = 0;
const clock = { now: () => now, wallTime: () => new Date(0), sleep: () => Promise.resolve() };
const io = processIo();
const live = liveDisplay(
  { ...scenario, name: `${scenario.name}${hostile}` },
  clock,
  what === 'quiet' ? { quiet: true } : {},
  io,
);
const traffic = (sent, failed) => ({
  scheduled: sent,
  sent,
  ok: sent - failed,
  failed,
  dropped: 0,
  inFlight: 2,
  latencyMsP99: 14,
  answeredBy: { 'staging-1': 50, 'staging-2': 50 },
  intervalMs: 500,
});
const step = { kind: 'detach', target: 'staging-1' };
const at = { stage: 'staging-1-out', index: 0, step };
const health = (target, state) => ({
  kind: 'target-observed',
  at: now,
  health: { target, state, description: hostile },
});
live.event(health('staging-1', 'healthy'));
live.event(health('staging-2', 'healthy'));
for (let i = 1; i <= 12; i++) {
  now = i * 1000;
  live.traffic(traffic(i * 250, i > 6 ? 3 : 0));
  if (i === 4) live.event({ kind: 'step-intent', at: now, ...at });
  live.event({ kind: 'warning', at: now, message: `news ${i} ${hostile}` });
}
live.output(`deploy says ${hostile}`);
live.event({ kind: 'warning', at: now, message: 'the last' });
// Long enough ago for a heartbeat, which the redraw timer prints.
now = 24_000;
await new Promise((resolve) => setTimeout(resolve, 300));
live.end();
io.stderr.write('THE END\n');
