// What k6 is asked to do beside us: GET, nothing checked, nothing written. RATE=0 is the closed loop.
import exec from 'k6/execution';
import http from 'k6/http';
import { Trend } from 'k6/metrics';

const rate = Number(__ENV.RATE);
const vus = Number(__ENV.VUS);
const duration = `${__ENV.SECONDS}s`;
const measuresLateness = __ENV.LATENESS === '1';
const late = measuresLateness ? new Trend('late', true) : null;

export const options = {
  discardResponseBodies: true,
  summaryTrendStats: ['p(50)', 'p(99)', 'p(99.9)'],
  scenarios: {
    load:
      rate === 0
        ? { executor: 'constant-vus', exec: 'request', vus, duration, gracefulStop: '0s' }
        : {
            executor: 'constant-arrival-rate',
            exec: 'request',
            rate,
            timeUnit: '1s',
            duration,
            preAllocatedVUs: vus,
            maxVUs: vus,
            gracefulStop: '2s',
          },
  },
};

export function request() {
  // Whole ms are all the clock gives; a dropped arrival is not counted by k6, so lateness holds only without drops.
  if (late !== null) late.add(Date.now() - exec.scenario.startTime - (exec.scenario.iterationInTest * 1000) / rate);
  http.get(__ENV.URL);
}

export function handleSummary({ metrics }) {
  const lateness = metrics.late === undefined ? null : metrics.late.values;
  const dropped = metrics.dropped_iterations === undefined ? 0 : metrics.dropped_iterations.values.count;
  return { stdout: `${JSON.stringify({ lateness, dropped, sent: metrics.http_reqs.values.count })}\n` };
}
