import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { classicBalancer } from '../balancer/elb-classic.js';
import { elbv2Balancer } from '../balancer/elbv2.js';
import { type HaproxyOptions, haproxyBalancer } from '../balancer/haproxy.js';
import { patientCall, type RetryDeps, retryingBalancer } from '../balancer/retrying.js';
import type { Balancer, Deployer, EventSink, TargetProbe, TrafficEngine } from '../domain/ports.js';
import type { Scenario, Traffic } from '../domain/scenario.js';
import type { Clock } from '../domain/time.js';
import { commandDeployer } from '../pipeline/deployers/command.js';
import { noDeployer } from '../pipeline/deployers/none.js';
import { httpProbe } from '../pipeline/probe/http-probe.js';
import { embeddedEngine } from '../traffic/embedded/engine.js';
import { processHost } from '../traffic/foreign/process-host.js';
import { jmeterEngine } from '../traffic/jmeter/engine.js';
import { k6Engine } from '../traffic/k6/engine.js';
import { trafficForK6 } from '../traffic/k6/probe-plan.js';
import { ownPlan, ownScript } from '../traffic/own/engine.js';
import { uniformStream } from '../traffic/random.js';

/** How to reach a started lab: everything that differs between it and AWS. */
export interface LabAccess {
  readonly endpoint: string;
  readonly region: string;
  readonly loadBalancer: string;
  /** What an ELBv2 lab is spoken to about; null = its balancer is a Classic one. */
  readonly targetGroupArn: string | null;
  /** What a lab is spoken to about that is a HAProxy; null = it has AWS's API. */
  readonly haproxy: Pick<HaproxyOptions, 'socket' | 'backend' | 'drainTimeoutMs' | 'checkIntervalMs'> | null;
  /** `http://name:port` of its data plane. */
  readonly url: string;
  /** Addresses behind that name, `ip` or `ip:port`. */
  readonly addresses: readonly string[];
  /** The certificate its listener shows; null = it is in the clear. */
  readonly caFile: string | null;
  /** Instance id → `http://host:port` of its application. */
  readonly targetUrls: Readonly<Record<string, string>>;
  /** What its deploy command needs to know. */
  readonly env: Readonly<Record<string, string>>;
}

/** Apart from the streams of the traffic. */
const RETRY_STREAM = 101;

/** Those the lab names itself, never used against AWS; it checks them only when its knobs ask it to. */
function labCredentials({ env }: LabAccess): { readonly accessKeyId: string; readonly secretAccessKey: string } {
  return { accessKeyId: env.AWS_ACCESS_KEY_ID ?? 'lab', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? 'lab' };
}

/** The scenario as it is run: with a lab, the service lives where the lab put it; lanes an engine cannot see are out. */
export function effectiveScenario(given: Scenario, lab: LabAccess | null): Scenario {
  const scenario = { ...given, traffic: honestTraffic(given) };
  if (lab === null) return scenario;
  const url = new URL(scenario.service.url);
  const base = new URL(lab.url);
  url.protocol = base.protocol;
  url.host = base.host;
  const targets = scenario.targets.map((t) => ({ ...t, url: t.url ?? lab.targetUrls[t.instance] ?? null }));
  return {
    ...scenario,
    targets: targets as unknown as Scenario['targets'],
    service: { ...scenario.service, url: url.href },
    traffic: {
      ...scenario.traffic,
      tls: lab.caFile === null ? scenario.traffic.tls : { ...scenario.traffic.tls, caFile: lab.caFile },
      resolve: { ...scenario.traffic.resolve, [base.hostname]: lab.addresses },
    },
  };
}

/** The only place that names concrete drivers. */
export function balancerFor(scenario: Scenario, lab: LabAccess | null, retries: RetryDeps): Balancer {
  return retryingBalancer(driverFor(scenario, lab, retries), retries);
}

function driverFor({ balancer }: Scenario, lab: LabAccess | null, retries: RetryDeps): Balancer {
  const patience = { attempts: 1, again: patientCall(retries) } as const;
  if (lab !== null) {
    if (lab.haproxy !== null) return haproxyBalancer({ ...lab.haproxy, afterDrain: 'maint', clock: retries.clock });
    const { loadBalancer: name, region, endpoint, targetGroupArn: arn } = lab;
    const access = { region, endpoint, credentials: labCredentials(lab), ...patience };
    if (arn === null) return classicBalancer({ name, ...access });
    return elbv2Balancer({ name: arn.split('/')[1] ?? name, arn, port: null, ...access });
  }
  if (balancer.kind === 'lab') throw new Error('a lab scenario needs a started lab');
  if (balancer.kind === 'haproxy') {
    const { name: backend, socket, drainTimeoutMs, afterDrain, checkIntervalMs } = balancer;
    return haproxyBalancer({ backend, socket, drainTimeoutMs, afterDrain, checkIntervalMs, clock: retries.clock });
  }
  const { name, region, endpoint } = balancer;
  const access = { name, region, endpoint, credentials: null, ...patience };
  if (balancer.kind === 'elb-classic') return classicBalancer(access);
  return elbv2Balancer({ ...access, arn: balancer.arn, port: balancer.port });
}

/** Draws for jitter and lock waits; two runs that start together must not stay in step. */
export function randomFrom(seed: number): () => number {
  const draw = uniformStream(seed, RETRY_STREAM);
  let k = 0;
  return () => draw(k++);
}

export function probeFor(scenario: Scenario): TargetProbe {
  return httpProbe(scenario.service, scenario.traffic.tls);
}

/**
 * The traffic engine of the scenario, its program found and asked for its version.
 * @throws RollproofError TOOL_MISSING: nothing was touched yet.
 */
export async function engineFor(
  scenario: Pick<Scenario, 'service' | 'traffic'>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<TrafficEngine> {
  const { engine, script, plan } = scenario.traffic;
  if (engine === 'k6' && script != null) return ownScript(script, processHost(env));
  if (engine === 'jmeter' && plan != null) return ownPlan(plan, processHost(env));
  if (engine === 'jmeter') return jmeterEngine(scenario, processHost(env));
  if (engine === 'k6') return k6Engine(scenario, processHost(env));
  return embeddedEngine(scenario.traffic.segments, (scenario.traffic.lanes.h2Weight ?? 0) > 0);
}

/** k6 with methods that Go sends again: never for a run, only to show in a self-test what it hides. */
export function replayingK6(
  scenario: Pick<Scenario, 'service' | 'traffic'>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<TrafficEngine> {
  return k6Engine(scenario, processHost(env), false);
}

/** The traffic its engine can vouch for: what it would hide is not sent, and the engine's limits say so. */
function honestTraffic({ service, traffic }: Scenario): Traffic {
  if (traffic.engine !== 'k6' || traffic.script != null) return traffic;
  return trafficForK6(service, traffic) ?? traffic;
}

export interface DeployerDeps {
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly self: readonly [string, ...string[]];
  readonly clock: Clock;
  readonly monotonicOriginNs: bigint;
  readonly onOutput: (line: string) => void;
  readonly giveUp: AbortSignal;
}

export function deployerFor(scenario: Scenario, deps: DeployerDeps): (events: EventSink) => Deployer {
  const config = scenario.rollout.deploy;
  if (config.kind === 'none') return () => noDeployer();
  return (events) =>
    commandDeployer(config, {
      ...deps,
      events,
      markFile: (request) => markFile(deps.dir, request.target.id, deps.clock.now()),
    });
}

function markFile(dir: string, target: string, at: number): { path: string; read(): string } {
  const folder = join(dir, 'marks');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${target.replace(/[^A-Za-z0-9._-]+/g, '-')}-${Math.round(at)}.ndjson`);
  return {
    path,
    read() {
      try {
        return readFileSync(path, 'utf8');
      } catch (neverWritten) {
        void neverWritten;
        return '';
      }
    },
  };
}
