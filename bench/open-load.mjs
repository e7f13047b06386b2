import { embeddedEngine } from '../dist/traffic/embedded/engine.js';

/** How long the connections and the JIT may warm up before anything is counted. */
const WARM_UP_MS = 500;

/** The value below which a share `q` of the numbers lies; sorts them in place. */
export function quantile(numbers, q) {
  numbers.sort((a, b) => a - b);
  return numbers[Math.min(numbers.length - 1, Math.floor(numbers.length * q))];
}

/**
 * Fires `rate` requests per second at the addresses of `urls` (one port each) for `seconds` with rollproof's own generator on
 * reused connections. Returns send to first byte and scheduled to sent in microseconds, how many did not end in 200, and how many
 * were never sent because too many were waiting already.
 */
export async function generate({ urls, rate, seconds, caFile = null }) {
  const latencyUs = [];
  const latenessUs = [];
  let failed = 0;
  let dropped = 0;
  const url = new URL(urls[0]);
  const workload = {
    source: 'embedded',
    runId: 'bench',
    service: {
      url: url.href,
      method: 'GET',
      headers: {},
      body: null,
      ok: { status: [[200, 200]], bodyContains: null },
      identity: { target: 'x-target', version: 'x-version', bootId: null },
    },
    traffic: {
      engine: 'embedded',
      ratePerSecond: rate,
      lanes: { newWeight: 0, reuseWeight: 1, long: null },
      timeoutMs: 2_000,
      warmUpMs: 0,
      baselineMs: 0,
      settleMs: 0,
      maxInFlight: 512,
      seed: 1,
      tls: { caFile, serverName: null, insecure: false },
      resolve: { [url.hostname]: urls.map((each) => new URL(each).host) },
      injectStall: null,
    },
    monotonicOriginNs: String(process.hrtime.bigint()),
    startAt: 200,
    maxDurationMs: WARM_UP_MS + seconds * 1_000,
  };
  const sinks = {
    samples: {
      append(batch) {
        for (let i = 0; i < batch.length; i++) {
          if (batch.scheduledAt[i] < 200 + WARM_UP_MS) continue;
          if (Number.isNaN(batch.sentAt[i])) dropped++;
          else if (batch.status[i] !== 200) failed++;
          else {
            latencyUs.push(Math.round((batch.firstByteAt[i] - batch.sentAt[i]) * 1e3));
            latenessUs.push(Math.round((batch.sentAt[i] - batch.scheduledAt[i]) * 1e3));
          }
        }
        return true;
      },
    },
    events: { append: () => {} },
    progress: () => {},
  };
  const end = await embeddedEngine().run(workload, sinks, new AbortController().signal);
  if (end.error !== null) throw new Error(end.error);
  return { latencyUs, latenessUs, failed, dropped };
}
