import { isAbsolute } from 'node:path';
import type { LabKind } from './knobs.js';
import type { LabServer } from './supervisor.js';

/** What a lab is started with. */
export interface LabOptions {
  readonly preset: string;
  /** The balancer's name. */
  readonly name: string;
  readonly region: string;
  readonly seed: number;
  /** Overrides of the preset's knobs. */
  readonly knobs: Readonly<Record<string, unknown>>;
  readonly instances: readonly LabServer[];
  /** The version the fleet starts on. */
  readonly version: string;
  /** Instances that start outside of the balancer; absent = none. */
  readonly out?: readonly string[];
  /** 0 or absent = any free port. */
  readonly apiPort?: number;
  /** An absolute path of a directory for the nodes' access logs; absent = none are written. */
  readonly accessLogDir?: string;
}

/** One server as others meet it. */
export interface LabInstanceInfo extends LabServer {
  /** The application's own port on 127.0.0.1, kept over deploys. */
  readonly port: number;
}

/** A running lab, as its one line of JSON tells it. */
export interface LabInfo {
  readonly pid: number;
  /** The AWS API. */
  readonly endpoint: string;
  readonly region: string;
  /** Which balancer it is: Classic, one of ELBv2's two, or a HAProxy. */
  readonly kind: LabKind;
  readonly loadBalancer: string;
  /** Null for a Classic balancer. */
  readonly loadBalancerArn: string | null;
  /** Null for a Classic balancer. */
  readonly targetGroupArn: string | null;
  /** How the HAProxy is reached that the lab is; null for AWS's balancers. */
  readonly haproxy: {
    /** Path of its runtime API's socket. */
    readonly socket: string;
    readonly backend: string;
    readonly drainTimeoutMs: number;
    readonly checkIntervalMs: number;
  } | null;
  /** A name that never resolves: clients take `nodes` for its addresses. */
  readonly dnsName: string;
  /** The first node, for a person's curl; traffic must use all of `nodes`. */
  readonly url: string;
  /** The certificate clients must trust, as a file that is there as long as the lab; null = the listener is in the clear. */
  readonly caFile: string | null;
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly instances: readonly LabInstanceInfo[];
  readonly controlUrl: string;
  readonly controlToken: string;
  readonly preset: string;
  readonly seed: number;
  readonly version: string;
  /** What is not as it should be on this machine, or null. */
  readonly note: string | null;
  /** For processes that talk to this lab: AWS tools and deploy commands. */
  readonly env: Readonly<Record<string, string>>;
}

/** A version as the lab accepts it: it becomes a response header. */
export function isVersion(value: unknown): value is string {
  return isHeaderText(value);
}

/** Options read from outside, checked. @throws Error naming every problem. */
export function labOptionsOf(value: unknown): LabOptions {
  if (typeof value !== 'object' || value === null) throw new Error('lab options must be an object');
  const given = value as Record<string, unknown>;
  const problems: string[] = [];
  const need = (holds: boolean, text: string): void => {
    if (!holds) problems.push(text);
  };
  const isText = (field: unknown, pattern: RegExp): boolean => typeof field === 'string' && pattern.test(field);
  need(typeof given.preset === 'string', 'preset must be a text');
  need(
    isText(given.name, /^(?!-)[A-Za-z0-9-]{1,32}(?<!-)$/),
    'name must be 1 to 32 letters, digits or hyphens, no hyphen first or last',
  );
  need(isText(given.region, /^[a-z0-9-]{1,32}$/), 'region must be a region name such as eu-west-1');
  need(Number.isSafeInteger(given.seed), 'seed must be a whole number');
  need(
    typeof given.knobs === 'object' && given.knobs !== null && !Array.isArray(given.knobs),
    'knobs must be an object',
  );
  need(isVersion(given.version), 'version must be 1 to 200 printable ASCII characters');
  const port = given.apiPort ?? 0;
  need(Number.isInteger(port) && (port as number) >= 0 && (port as number) <= 65_535, 'apiPort must be a port number');
  const logDir = given.accessLogDir ?? '/';
  need(typeof logDir === 'string' && isAbsolute(logDir), 'accessLogDir must be an absolute path');
  for (const knob of ['dataPlane', 'kind']) {
    const onHaproxy = (given.knobs as Record<string, unknown> | null)?.[knob] === 'haproxy';
    need(!onHaproxy || given.accessLogDir === undefined, `access logs cannot be had with '${knob}' haproxy`);
  }
  problems.push(...instanceProblems(given.instances));
  problems.push(...outProblems(given.out ?? [], given.instances));
  if (problems.length > 0) throw new Error(`lab options: ${problems.join('; ')}`);
  return value as LabOptions;
}

function instanceProblems(instances: unknown): string[] {
  if (!Array.isArray(instances) || instances.length === 0) return ['instances must be a list of at least one'];
  const names = new Set<string>();
  for (const [index, each] of (instances as Partial<LabServer>[]).entries()) {
    if (!isHeaderText(each?.target) || !isHeaderText(each?.instance)) {
      return [`instances[${index}] must have a target and an instance of printable ASCII`];
    }
    // A target may be named like its own instance, but no name may mean two servers.
    for (const name of new Set([each.target, each.instance])) {
      if (names.has(name)) return [`instances: '${name}' is given twice`];
      names.add(name);
    }
  }
  return [];
}

function outProblems(out: unknown, instances: unknown): string[] {
  const known = Array.isArray(instances) ? (instances as Partial<LabServer>[]).map((each) => each?.instance) : [];
  const isKnown = (id: unknown): boolean => known.includes(id as string);
  if (!Array.isArray(out) || !out.every(isKnown)) return ['out must be a list of instances of the lab'];
  return new Set(out).size < known.length ? [] : ['out must leave an instance in service'];
}

function isHeaderText(value: unknown): value is string {
  return typeof value === 'string' && /^[\x20-\x7e]{1,200}$/.test(value);
}
