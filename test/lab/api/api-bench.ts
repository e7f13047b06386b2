import { ElasticLoadBalancingClient } from '@aws-sdk/client-elastic-load-balancing';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ApiFaults } from '../../../src/lab/api/handler.js';
import { type ApiServer, startApiServer } from '../../../src/lab/api/server.js';
import { seededRandom } from '../../../src/lab/random.js';
import type { Timers } from '../../../src/lab/timers.js';
import { type Bench, bench } from '../fakes.js';

/** The real SDK in front of the API in front of fake nodes. */
export interface ApiBench extends Bench {
  readonly api: ApiServer;
  readonly client: ElasticLoadBalancingClient;
  readonly v2: ElasticLoadBalancingV2Client;
  readonly faults: unknown[];
  post(
    body: string,
    init?: RequestInit,
  ): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }>;
  close(): Promise<void>;
}

/** An API that shows no fault and lets everybody in. */
export const NO_FAULTS: ApiFaults = {
  apiLatencyMs: [0, 0],
  throttleRate: 0,
  dropAckRate: 0,
  apiErrorRate: 0,
  apiErrorCount: 0,
  accessKeyId: '',
  secretAccessKey: '',
};

const realTimers: Timers = {
  now: () => 0,
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export async function apiBench(
  faults: Partial<ApiFaults> = {},
  knobs: Record<string, unknown> = {},
): Promise<ApiBench> {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const below = await bench(knobs);
  const seen: unknown[] = [];
  const api = await startApiServer({
    account: below.account,
    faults: { ...NO_FAULTS, ...faults },
    port: 0,
    timers: realTimers,
    wallTime: () => new Date(),
    random: seededRandom(7),
    onFault: (cause) => seen.push(cause),
  });
  const access = {
    region: 'eu-west-1',
    endpoint: api.endpoint,
    credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
  };
  const client = new ElasticLoadBalancingClient(access);
  const v2 = new ElasticLoadBalancingV2Client(access);
  return {
    ...below,
    api,
    client,
    v2,
    faults: seen,
    post: async (body, init) => {
      const response = await fetch(api.endpoint, { method: 'POST', body, ...init });
      return { status: response.status, text: await response.text(), headers: response.headers };
    },
    close: async () => {
      client.destroy();
      v2.destroy();
      await api.close();
    },
  };
}
