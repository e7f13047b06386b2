import { DEFAULT_POLICY, type Scenario } from '../../src/domain/scenario.js';

/** A complete scenario for tests; override what a test is about. */
export function testScenario(overrides: Partial<Scenario> = {}): Scenario {
  return {
    name: 'test',
    description: '',
    environment: 'test',
    service: {
      url: 'http://lb.test/',
      method: 'GET',
      headers: {},
      body: null,
      ok: { status: [[200, 399]], bodyContains: null },
      identity: { target: 'x-target', version: 'x-version', bootId: 'x-boot-id' },
    },
    balancer: { kind: 'elb-classic', name: 'lb', region: 'us-east-1', endpoint: null, autoScaling: 'none' },
    targets: [
      { id: 'staging-1', instance: 'i-1' },
      { id: 'staging-2', instance: 'i-2' },
    ],
    rollout: {
      strategy: 'rolling',
      stages: [],
      sleep: { afterDetachMs: 60_000, afterAttachMs: 60_000 },
      wait: 'sleep',
      awaitTimeoutMs: 300_000,
      minInService: 1,
      deploy: { kind: 'command', command: ['true'], shell: false, timeoutMs: 60_000, env: {}, cwd: null },
      version: 'v2',
      previousVersion: 'v1',
    },
    traffic: {
      engine: 'embedded',
      ratePerSecond: 200,
      lanes: { newWeight: 1, reuseWeight: 1, long: null },
      timeoutMs: 5_000,
      warmUpMs: 1_000,
      baselineMs: 10_000,
      settleMs: 5_000,
      maxInFlight: null,
      seed: 1,
      tls: { caFile: null, serverName: null, insecure: false },
      resolve: {},
      injectStall: null,
    },
    policy: DEFAULT_POLICY,
    expect: null,
    ...overrides,
  };
}
