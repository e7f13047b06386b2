/** The workload of all measurements: GET / on 127.0.0.1:`port`, at `rate` arrivals per second, in one kind of lane. */
export function benchWorkload({ port, rate, lanes = 'reuse', milliseconds, startAt = 300, traffic = {} }) {
  return {
    source: 'embedded',
    runId: 'bench',
    service: {
      url: `http://127.0.0.1:${port}/`,
      method: 'GET',
      headers: {},
      body: null,
      ok: { status: [[200, 399]], bodyContains: null },
      identity: { target: 'x-target', version: 'x-version', bootId: null },
    },
    traffic: {
      engine: 'embedded',
      ratePerSecond: rate,
      lanes: { newWeight: lanes === 'new' ? 1 : 0, reuseWeight: lanes === 'new' ? 0 : 1, long: null },
      timeoutMs: 2000,
      warmUpMs: 0,
      baselineMs: 0,
      settleMs: 0,
      maxInFlight: 512,
      seed: 1,
      tls: { caFile: null, serverName: null, insecure: false },
      resolve: {},
      injectStall: null,
      ...traffic,
    },
    monotonicOriginNs: String(process.hrtime.bigint()),
    startAt,
    maxDurationMs: milliseconds,
  };
}
