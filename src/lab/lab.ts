import { startApiServer } from './api/server.js';
import type { StartApplication } from './application.js';
import { startControl } from './control.js';
import { Account, zonesOf } from './elb/account.js';
import { initialHealthCheck, LAB_INSTANCE_PORT } from './elb/health-check.js';
import type { LabInstance, Listener, LoadBalancer } from './elb/load-balancer.js';
import type { StartNodeView } from './elb/node-view-port.js';
import { labState } from './lab-state.js';
import { type NodeTraits, startNodeGroup } from './node-group.js';
import { nodeTraits } from './node-traits.js';
import { type LabInfo, type LabOptions, labOptionsOf } from './options.js';
import { type LabSettings, labSettings } from './presets.js';
import { type Random, seededRandom } from './random.js';
import { Supervisor } from './supervisor.js';
import { pause, type Timers } from './timers.js';

/** The machine the lab runs on. */
export interface LabDeps {
  readonly timers: Timers;
  readonly wallTime: () => Date;
  /** CLOCK_MONOTONIC. */
  readonly monotonicNs: () => bigint;
  readonly pid: number;
  /** A secret of the operating system's making, not of the seed's. */
  readonly newToken: () => string;
  readonly startApplication: StartApplication;
  readonly startNodeView: StartNodeView;
  /** Writes a small file that lives as long as the lab. */
  readonly keepFile: (name: string, text: string) => { readonly path: string; remove(): void };
  /** Told of faults of the lab itself. */
  readonly onFault: (cause: unknown) => void;
}

/** A lab in this process. */
export interface RunningLab {
  readonly info: LabInfo;
  /** Ends everything the lab started; safe to call again. */
  stop(): Promise<void>;
}

/** How long the fleet may take to be in service at the start. */
const SETTLE_DEADLINE_MS = 10_000;
const SETTLE_POLL_MS = 10;
/** Health checks of the first moments, so that a 30-s interval does not hold up the start. */
const SETTLE_INTERVAL_MS = 50;

/** Starts a whole lab: applications, balancer with the fleet in service, AWS API, deploy control. Rejects with nothing left running. */
export async function startLab(given: LabOptions, deps: LabDeps): Promise<RunningLab> {
  const options = labOptionsOf(given);
  const settings = labSettings(options.preset, options.knobs);
  const closers: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopping ??= closeAll(closers, deps.onFault);
    return stopping;
  };
  try {
    return { info: await assemble(options, settings, deps, closers), stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

/** What the parts below share. */
interface Assembly {
  readonly options: LabOptions;
  readonly settings: LabSettings;
  readonly deps: LabDeps;
  readonly random: Random;
  readonly supervisor: Supervisor;
  readonly traits: NodeTraits;
  readonly caFile: string | null;
  readonly notes: Set<string>;
}

async function assemble(
  options: LabOptions,
  settings: LabSettings,
  deps: LabDeps,
  closers: (() => Promise<void>)[],
): Promise<LabInfo> {
  const { timers, onFault } = deps;
  const { knobs } = settings;
  const random = seededRandom(options.seed);
  const supervisor = new Supervisor({
    servers: options.instances,
    knobs,
    start: deps.startApplication,
    timers,
    monotonicNs: deps.monotonicNs,
    random: random.fork('applications'),
  });
  closers.push(() => supervisor.close());
  await supervisor.startAll(options.version);
  const { region, accessLogDir } = options;
  const traits = nodeTraits(settings, { region, accessLogDir, now: deps.wallTime(), onFault });
  const ca = traits.certificate === undefined ? null : deps.keepFile('ca.pem', traits.certificate.certPem);
  closers.push(async () => ca?.remove());
  const assembly: Assembly = {
    options,
    settings,
    deps,
    random,
    supervisor,
    traits,
    caFile: ca?.path ?? null,
    notes: new Set(),
  };
  const account = accountOf(assembly);
  closers.push(() => account.close());
  const balancer = await balancerInService(account, assembly);
  const port = options.apiPort ?? 0;
  const api = await startApiServer({ account, faults: knobs, port, timers, random: random.fork('api'), onFault });
  closers.push(() => api.close());
  const token = deps.newToken();
  const control = await startControl({
    token,
    deploy: (name, version, tell) => supervisor.deploy(name, version, tell),
    state: () => labState(account, supervisor),
  });
  closers.push(() => control.close());
  return infoOf(assembly, balancer, { endpoint: api.endpoint, controlUrl: control.url, controlToken: token });
}

function accountOf({ options, settings, deps, random, supervisor, traits, notes }: Assembly): Account {
  const { knobs } = settings;
  const zones = zonesOf(options.region, knobs.azPerNode ? knobs.nodes : 1);
  const instances = options.instances.map(
    ({ instance }, index): LabInstance => ({
      instanceId: instance,
      zone: zones[index % zones.length]!,
      address: () => supervisor.address(instance),
    }),
  );
  return new Account({
    region: options.region,
    knobs,
    instances: new Map(instances.map((instance) => [instance.instanceId, instance])),
    startNodes: async (request) => {
      const group = await startNodeGroup(deps.startNodeView, traits, request, String(options.seed));
      if (group.note !== null) notes.add(group.note);
      return group.views;
    },
    timers: deps.timers,
    wallTime: deps.wallTime,
    random: random.fork('account'),
  });
}

/** The lab's own balancer, its whole fleet in service. */
async function balancerInService(account: Account, { options, settings, deps }: Assembly): Promise<LoadBalancer> {
  const { knobs } = settings;
  const { record, check } = initialHealthCheck(knobs);
  const hasty = { ...check, intervalMs: Math.min(check.intervalMs, SETTLE_INTERVAL_MS), initialChecks: 1 };
  const balancer = await account.create({
    name: options.name,
    scheme: 'internet-facing',
    listeners: [listenerOf(knobs.listener)],
    zones: account.zones,
    subnets: [],
    securityGroups: [],
    tags: new Map(),
    healthCheck: { record, check: hasty },
    attributes: {
      crossZone: knobs.crossZone,
      drain: { enabled: knobs.drainEnabled, timeoutMs: knobs.drainTimeoutMs },
      idleTimeoutMs: knobs.idleTimeoutMs,
      desyncMode: 'defensive',
    },
  });
  if (balancer === null) throw new Error(`a balancer named '${options.name}' exists already`);
  const ids = options.instances.map(({ instance }) => instance);
  balancer.register(ids, 'at-once');
  const deadline = deps.timers.now() + SETTLE_DEADLINE_MS;
  for (let sick = ids; sick.length > 0; sick = ids.filter((id) => balancer.phase(id) !== 'in-service')) {
    if (deps.timers.now() > deadline)
      throw new Error(`not in service after ${SETTLE_DEADLINE_MS} ms: ${sick.join(', ')}`);
    await pause(deps.timers, SETTLE_POLL_MS);
  }
  balancer.configureHealthCheck(record, check);
  return balancer;
}

/** As the API tells it: TLS ends at the load balancer. */
function listenerOf(protocol: string): Listener {
  const plain = protocol === 'https' ? 'HTTP' : protocol === 'ssl' ? 'TCP' : protocol.toUpperCase();
  const port = { LoadBalancerPort: 0, InstancePort: LAB_INSTANCE_PORT };
  return { Protocol: protocol.toUpperCase(), InstanceProtocol: plain, ...port };
}

function infoOf(
  { options, settings, deps, supervisor, caFile, notes }: Assembly,
  balancer: LoadBalancer,
  access: { readonly endpoint: string; readonly controlUrl: string; readonly controlToken: string },
): LabInfo {
  const nodes = balancer.nodes.map(({ view }) => ({ host: view.host, port: view.port }));
  return {
    pid: deps.pid,
    endpoint: access.endpoint,
    region: options.region,
    loadBalancer: options.name,
    dnsName: balancer.identity.dnsName,
    url: `${caFile === null ? 'http' : 'https'}://${nodes[0]!.host}:${nodes[0]!.port}/`,
    caFile,
    nodes,
    instances: supervisor.states().map(({ target, instance, port }) => ({ target, instance, port })),
    controlUrl: access.controlUrl,
    controlToken: access.controlToken,
    preset: settings.preset,
    seed: options.seed,
    version: options.version,
    note: notes.size === 0 ? null : [...notes].join('; '),
    env: {
      AWS_ACCESS_KEY_ID: 'lab',
      AWS_SECRET_ACCESS_KEY: 'lab',
      AWS_REGION: options.region,
      AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING: access.endpoint,
      ROLLPROOF_LAB_CONTROL: access.controlUrl,
      ROLLPROOF_LAB_TOKEN: access.controlToken,
    },
  };
}

/** Closes in reverse order; a part that fails to close does not keep the others open. */
async function closeAll(closers: (() => Promise<void>)[], onFault: (cause: unknown) => void): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close().catch(onFault);
}
