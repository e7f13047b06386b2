import type {
  BalancerConfig,
  DeployConfig,
  ExplicitStep,
  LabKnobValue,
  Policy,
  Requirement,
  Rollout,
  Scenario,
  Service,
  Traffic,
} from '../domain/scenario.js';
import type { Target } from '../domain/target.js';
import { dotted, type KeyPath } from './problem.js';
import { targetGroupOf } from './schema/balancer.js';
import type { ScenarioDocument } from './schema.js';
import type { ServiceFiles } from './service-files.js';

/** Makes a path written in the scenario relative to the file it was written in. */
export type ResolvePath = (path: string, writtenAt: KeyPath) => string;

/** A document without problems → the domain's scenario: names with their units, headers in lower case. */
export function resolveScenario(document: ScenarioDocument, resolvePath: ResolvePath, files: ServiceFiles): Scenario {
  return {
    name: document.name,
    description: document.description.trim(),
    environment: document.environment ?? 'lab',
    service: serviceOf(document.service, resolvePath, files),
    balancer: balancerOf(document.balancer),
    targets: document.targets as unknown as readonly [Target, ...Target[]],
    rollout: rolloutOf(document.rollout, resolvePath),
    traffic: trafficOf(document.traffic, resolvePath, files),
    policy: policyOf(document.policy),
    requires: requirementOf(document.requires, resolvePath),
    expect: document.expect,
  };
}

function serviceOf(service: ScenarioDocument['service'], resolvePath: ResolvePath, files: ServiceFiles): Service {
  const { identity } = service;
  const fileAt = (path: string | null, writtenAt: KeyPath) => (path === null ? null : resolvePath(path, writtenAt));
  return {
    url: service.url,
    method: service.method,
    headers: service.headers,
    body: service.body ?? files.bodies.get(dotted(['service', 'bodyFile'])) ?? null,
    bodyFile: fileAt(service.bodyFile, ['service', 'bodyFile']),
    ok: service.ok,
    identity: {
      target: identity.target.toLowerCase(),
      version: identity.version.toLowerCase(),
      bootId: identity.bootId?.toLowerCase() ?? null,
    },
    requests: service.requests.map((request, i) => {
      const bodyAt = ['service', 'requests', i, 'bodyFile'];
      return {
        ...request,
        method: request.method ?? service.method,
        headers: overlaid(service.headers, request.headers),
        body: request.body ?? files.bodies.get(dotted(bodyAt)) ?? null,
        bodyFile: fileAt(request.bodyFile, bodyAt),
      };
    }),
    values: files.values,
  };
}

/** Header names are the same whatever their case. */
function overlaid(
  below: Readonly<Record<string, string>>,
  above: Readonly<Record<string, string>>,
): Record<string, string> {
  const replaced = new Set(Object.keys(above).map((header) => header.toLowerCase()));
  return {
    ...Object.fromEntries(Object.entries(below).filter(([header]) => !replaced.has(header.toLowerCase()))),
    ...above,
  };
}

function balancerOf(balancer: ScenarioDocument['balancer']): BalancerConfig {
  if (balancer.kind === 'elb-classic') return balancer;
  if (balancer.kind === 'elbv2') {
    const { targetGroup, ...rest } = balancer;
    return { ...rest, ...targetGroupOf(targetGroup) };
  }
  if (balancer.kind === 'haproxy') {
    const { kind, socket, backend, drainTimeout, afterDrain, checkInterval } = balancer;
    return { kind, name: backend, socket, drainTimeoutMs: drainTimeout, afterDrain, checkIntervalMs: checkInterval };
  }
  const knobs = Object.entries(balancer.knobs).filter(
    (entry): entry is [string, LabKnobValue] => entry[1] !== undefined,
  );
  return { ...balancer, knobs: Object.fromEntries(knobs) };
}

function rolloutOf(rollout: ScenarioDocument['rollout'], resolvePath: ResolvePath): Rollout {
  return {
    strategy: rollout.strategy,
    ...(rollout.blueGreen === null ? {} : { blueGreen: rollout.blueGreen }),
    stages: rollout.stages.map((stage) => ({ name: stage.name, steps: stage.steps.flatMap(stepsOf) })),
    sleep: { afterDetachMs: rollout.sleep.afterDetach, afterAttachMs: rollout.sleep.afterAttach },
    wait: rollout.wait,
    awaitTimeoutMs: rollout.awaitTimeout,
    settleMs: rollout.settle,
    onFailure: rollout.onFailure,
    ...(rollout.longestRequest === null ? {} : { longestRequestMs: rollout.longestRequest }),
    ...(rollout.awaitUnused ? { awaitUnused: true } : {}),
    minInService: rollout.minInService,
    deploy: deployOf(rollout.deploy, resolvePath),
    version: rollout.version,
    previousVersion: rollout.previousVersion,
  };
}

function requirementOf(requires: ScenarioDocument['requires'], resolvePath: ResolvePath): Requirement | null {
  if (requires === null) return null;
  const { environment, maxAge, pass } = requires;
  return { environment, maxAgeMs: maxAge, pass: pass === null ? null : resolvePath(pass, ['requires', 'pass']) };
}

function stepsOf(step: ScenarioDocument['rollout']['stages'][number]['steps'][number]): ExplicitStep[] {
  if (step.sleep !== undefined) return [{ kind: 'sleep', ms: step.sleep }];
  for (const kind of ['detach', 'deploy', 'attach'] as const) {
    const target = step[kind];
    if (target !== undefined) return [{ kind, target }];
  }
  return [];
}

function deployOf(deploy: ScenarioDocument['rollout']['deploy'], resolvePath: ResolvePath): DeployConfig {
  if (deploy === 'none') return { kind: 'none' };
  const [first = '', ...rest] = typeof deploy.command === 'string' ? [deploy.command] : deploy.command;
  return {
    kind: 'command',
    command: [first, ...rest],
    shell: deploy.shell,
    timeoutMs: deploy.timeout,
    env: deploy.env,
    cwd: deploy.cwd === null ? null : resolvePath(deploy.cwd, ['rollout', 'deploy', 'cwd']),
  };
}

function trafficOf(traffic: ScenarioDocument['traffic'], resolvePath: ResolvePath, files: ServiceFiles): Traffic {
  const { lanes, tls, injectStall } = traffic;
  const { long } = lanes;
  return {
    engine: traffic.engine,
    script: traffic.script === null ? null : resolvePath(traffic.script, ['traffic', 'script']),
    plan: traffic.plan === null ? null : resolvePath(traffic.plan, ['traffic', 'plan']),
    ratePerSecond: traffic.rate,
    lanes: {
      newWeight: lanes.new,
      reuseWeight: lanes.reuse,
      ...(lanes.h2 > 0 ? { h2Weight: lanes.h2 } : {}),
      long:
        long === null
          ? null
          : { ratePerSecond: long.rate, path: long.path, minHoldMs: long.minHold, maxHoldMs: long.maxHold },
    },
    timeoutMs: traffic.timeout,
    warmUpMs: traffic.warmUp,
    baselineMs: traffic.baseline,
    settleMs: traffic.settle,
    maxInFlight: traffic.maxInFlight,
    seed: traffic.seed,
    precise: traffic.precise,
    segments: traffic.segments,
    tls: {
      caFile: tls.ca === null ? null : resolvePath(tls.ca, ['traffic', 'tls', 'ca']),
      serverName: tls.serverName,
      insecure: tls.insecure,
      certFile: tls.cert === null ? null : resolvePath(tls.cert, ['traffic', 'tls', 'cert']),
      keyFile: tls.key === null ? null : resolvePath(tls.key, ['traffic', 'tls', 'key']),
      keyPassphrase: files.keyPassphrase,
    },
    resolve: traffic.resolve,
    injectStall: injectStall === null ? null : { atMs: injectStall.at, durationMs: injectStall.duration },
  };
}

function policyOf(policy: ScenarioDocument['policy']): Policy {
  const { gates } = policy;
  return {
    mode: policy.mode,
    alpha: policy.alpha,
    excessAlpha: policy.excessAlpha,
    slo: policy.slo,
    fullOutageMs: policy.fullOutage,
    targetOutageMs: policy.targetOutage,
    maxOutageMs: policy.maxOutage,
    delta: policy.delta,
    requireDrain: policy.requireDrain,
    slowMs: policy.slow,
    dns: policy.dns,
    gates: {
      maxLost: gates.maxLost,
      maxDropped: gates.maxDropped,
      maxClientErrors: gates.maxClientErrors,
      maxForged: gates.maxForged,
      maxStallMs: gates.maxStall,
      lateMs: gates.late,
      maxLate: gates.maxLate,
      maxControlFailed: gates.maxControlFailed,
      minBaseline: gates.minBaseline,
      minStamped: gates.minStamped,
      maxClockErrorMs: gates.maxClockError,
    },
  };
}
