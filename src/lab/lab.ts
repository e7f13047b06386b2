import { startApiServer } from './api/server.js';
import type { StartApplication } from './application.js';
import { startControl } from './control.js';
import { Account } from './elb/account.js';
import type { LabInstance } from './elb/balancer-record.js';
import type { ListenerProtocol, StartNodeView } from './elb/node-view-port.js';
import { zonesOf } from './elb/zones.js';
import type { HaproxyServerLine, OwnHaproxy } from './haproxy/own.js';
import type { LabKnobs } from './knobs.js';
import { labState } from './lab-state.js';
import { type NodeTraits, startNodeGroup } from './node-group.js';
import { nodeTraits } from './node-traits.js';
import { type LabInfo, type LabOptions, labOptionsOf } from './options.js';
import { type OwnBalancer, startOwnBalancer } from './own-balancer.js';
import { type LabSettings, labSettings } from './presets.js';
import { type Random, seededRandom } from './random.js';
import { Supervisor } from './supervisor.js';
import type { Timers } from './timers.js';

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
  /**
   * How nodes are started on the data plane asked for, and what they can speak there.
   * @param targets how many targets the lab has.
   * @throws ToolMissing when the machine has no such data plane.
   */
  readonly dataPlane: (kind: LabKnobs['dataPlane'], targets: number) => DataPlane;
  /** Starts a HAProxy that is the load balancer itself. @throws ToolMissing. */
  readonly startHaproxy: (servers: readonly HaproxyServerLine[], knobs: LabKnobs) => Promise<OwnHaproxy>;
  /** Writes a small file that lives as long as the lab. */
  readonly keepFile: (name: string, text: string) => { readonly path: string; remove(): void };
  /** Told of faults of the lab itself. */
  readonly onFault: (cause: unknown) => void;
}

/** What carries the traffic. */
export interface DataPlane {
  readonly startNodeView: StartNodeView;
  readonly protocols: ReadonlySet<ListenerProtocol>;
}

/** A lab in this process. */
export interface RunningLab {
  readonly info: LabInfo;
  /** Ends everything the lab started; safe to call again. */
  stop(): Promise<void>;
}

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
  readonly dataPlane: DataPlane;
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
  const dataPlane = deps.dataPlane(knobs.dataPlane, options.instances.length);
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
  const secure = knobs.listener === 'https' || knobs.listener === 'ssl';
  const ca = secure ? deps.keepFile('ca.pem', traits.certificate.certPem) : null;
  closers.push(async () => ca?.remove());
  const assembly: Assembly = {
    options,
    settings,
    deps,
    random,
    supervisor,
    traits,
    dataPlane,
    caFile: ca?.path ?? null,
    notes: new Set(dataPlaneNotes(knobs)),
  };
  const account = accountOf(assembly);
  closers.push(() => account.close());
  const { balancer, haproxy } = await ownBalancerOf(assembly, account, closers);
  const port = options.apiPort ?? 0;
  const api = await startApiServer({
    account,
    faults: knobs,
    port,
    timers,
    wallTime: deps.wallTime,
    random: random.fork('api'),
    onFault,
  });
  closers.push(() => api.close());
  const token = deps.newToken();
  const control = await startControl({
    token,
    deploy: (name, version, tell) => supervisor.deploy(name, version, tell),
    state: () => labState(account, supervisor, haproxy),
  });
  closers.push(() => control.close());
  return infoOf(assembly, balancer, haproxy, { endpoint: api.endpoint, controlUrl: control.url, controlToken: token });
}

/** AWS's, or a real HAProxy with the fleet behind it; then the account has none. */
async function ownBalancerOf(
  { options, settings, deps, supervisor }: Assembly,
  account: Account,
  closers: (() => Promise<void>)[],
): Promise<{ readonly balancer: OwnBalancer; readonly haproxy: OwnHaproxy | null }> {
  const { kind } = settings.knobs;
  if (kind !== 'haproxy')
    return { balancer: await startOwnBalancer(kind, account, options, deps.timers), haproxy: null };
  const servers = supervisor.states().map(({ instance, host, port }) => ({ name: instance, host, port }));
  const lines = servers.map((server) => ({ ...server, disabled: options.out?.includes(server.name) === true }));
  const haproxy = await deps.startHaproxy(lines, settings.knobs);
  closers.push(() => haproxy.stop());
  const dnsName = `${options.name}.haproxy.lab.invalid`;
  const nodes = [{ host: haproxy.host, port: haproxy.port }];
  return { balancer: { dnsName, nodes, loadBalancerArn: null, targetGroupArn: null }, haproxy };
}

function accountOf({ options, settings, deps, random, supervisor, traits, dataPlane, notes }: Assembly): Account {
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
      const group = await startNodeGroup(dataPlane.startNodeView, traits, request, String(options.seed));
      if (group.note !== null) notes.add(group.note);
      return group.views;
    },
    protocols: dataPlane.protocols,
    timers: deps.timers,
    wallTime: deps.wallTime,
    random: random.fork('account'),
  });
}

/** What the preset has and the data plane has not. */
function dataPlaneNotes({ dataPlane, preopen }: LabKnobs): readonly string[] {
  if (dataPlane !== 'haproxy' || preopen === 0) return [];
  return [`HAProxy opens no connections in advance: the preset's ${preopen} per target are not there`];
}

function infoOf(
  { options, settings, deps, supervisor, caFile, notes }: Assembly,
  balancer: OwnBalancer,
  haproxy: OwnHaproxy | null,
  access: { readonly endpoint: string; readonly controlUrl: string; readonly controlToken: string },
): LabInfo {
  const { nodes } = balancer;
  const { kind, accessKeyId, secretAccessKey } = settings.knobs;
  return {
    pid: deps.pid,
    endpoint: access.endpoint,
    region: options.region,
    kind,
    loadBalancer: options.name,
    loadBalancerArn: balancer.loadBalancerArn,
    targetGroupArn: balancer.targetGroupArn,
    haproxy: haproxy === null ? null : haproxyAccess(haproxy, settings.knobs),
    dnsName: balancer.dnsName,
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
      AWS_ACCESS_KEY_ID: accessKeyId || 'lab',
      AWS_SECRET_ACCESS_KEY: secretAccessKey || 'lab',
      AWS_REGION: options.region,
      // Python's clients read this one only.
      AWS_DEFAULT_REGION: options.region,
      AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING: access.endpoint,
      AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2: access.endpoint,
      ROLLPROOF_LAB_CONTROL: access.controlUrl,
      ROLLPROOF_LAB_TOKEN: access.controlToken,
    },
  };
}

function haproxyAccess({ socket, backend }: OwnHaproxy, knobs: LabKnobs): NonNullable<LabInfo['haproxy']> {
  return { socket, backend, drainTimeoutMs: knobs.drainTimeoutMs, checkIntervalMs: knobs.healthIntervalMs };
}

/** Closes in reverse order; a part that fails to close does not keep the others open. */
async function closeAll(closers: (() => Promise<void>)[], onFault: (cause: unknown) => void): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close().catch(onFault);
}
