import { stringify } from 'yaml';

/** The k6 that the probe is tested with: `latest`, the operator's default, changes under a pinned probe. */
export const K6_IMAGE = 'grafana/k6:2.2.0';

/** One TestRun: a number of k6 pods that share one part of the plan. */
export interface FleetTestRun {
  /** Name of the TestRun, a DNS label. */
  readonly name: string;
  /** What the probe is told, as JSON. */
  readonly probe: string;
  /** VUs of one pod: a place each for a request in flight. */
  readonly vusPerPod: number;
  readonly ratePerPod: number;
}

export interface FleetManifests {
  /** Common name, a DNS label: the ConfigMap has it, and every object's label says it. */
  readonly name: string;
  readonly parallelism: number;
  readonly rows: 'console' | 'csv';
  readonly testRuns: readonly FleetTestRun[];
  /** Source of the probe, `plan.json`, and a CA in PEM where one is trusted. */
  readonly script: string;
  readonly plan: string;
  readonly ca: string | null;
  /** Environment variable → key of the Secret that holds its value. */
  readonly secrets: Readonly<Record<string, string>>;
}

export interface ExportedFile {
  readonly path: string;
  readonly text: string;
}

const SCRIPT = 'probe.ts';
const CA = 'ca.pem';
/** Memory of k6 without VUs, and of each, MiB (k6's documentation says 1 to 5 per VU). */
const [BASE_MIB, VU_MIB] = [128, 3];

/**
 * The objects k6-operator (k6.io/v1alpha1) needs, as files of YAML: a ConfigMap with probe and plan, and a TestRun each.
 * All pods of a TestRun wait at k6's barrier (`--paused`, the operator's default) until its starter lets them go. There is
 * no `cleanup: post`: it would take the pods' logs away before they are read.
 */
export function k6OperatorFiles(given: FleetManifests): readonly ExportedFile[] {
  return [
    { path: 'configmap.yaml', text: yaml(configMap(given)) },
    ...given.testRuns.map((run) => ({ path: `testrun-${run.name}.yaml`, text: yaml(testRun(given, run)) })),
    { path: 'plan.json', text: given.plan },
  ];
}

/** Kubernetes reads YAML 1.1, where `on` and `1_000` are no texts: what could be taken for something else is quoted. */
function yaml(value: object): string {
  return stringify(value, { version: '1.1', lineWidth: 0 });
}

/** Name of the Secret the pods read headers from. */
export function secretName(name: string): string {
  return `${name}-headers`;
}

function labels({ name }: FleetManifests): Record<string, string> {
  return {
    'app.kubernetes.io/name': 'rollproof',
    'app.kubernetes.io/component': 'traffic',
    'app.kubernetes.io/instance': name,
  };
}

function configMap(given: FleetManifests): object {
  const probes = given.testRuns.map(({ name, probe }) => [probeKey(name), probe] as const);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: given.name, labels: labels(given) },
    data: {
      [SCRIPT]: given.script,
      'plan.json': given.plan,
      ...Object.fromEntries(probes),
      ...(given.ca === null ? {} : { [CA]: given.ca }),
    },
  };
}

function probeKey(testRunName: string): string {
  return `${testRunName}.json`;
}

function testRun(given: FleetManifests, run: FleetTestRun): object {
  return {
    apiVersion: 'k6.io/v1alpha1',
    kind: 'TestRun',
    metadata: { name: run.name, labels: labels(given) },
    spec: {
      parallelism: given.parallelism,
      script: { configMap: { name: given.name, file: SCRIPT } },
      args: [...k6Arguments(given.rows), '--env', `ROLLPROOF_PROBE_FILE=${probeKey(run.name)}`],
      // Its archive step gets every variable as an argument, so it is given none that is secret.
      initializer: { image: K6_IMAGE, metadata: { labels: labels(given) }, env: plainEnvironment(given) },
      runner: {
        image: K6_IMAGE,
        metadata: { labels: labels(given) },
        env: [...plainEnvironment(given), ...secretEnvironment(given)],
        resources: {
          requests: {
            cpu: `${Math.ceil(100 + run.ratePerPod)}m`,
            memory: `${BASE_MIB + Math.ceil(run.vusPerPod * VU_MIB)}Mi`,
          },
        },
      },
    },
  };
}

/**
 * One argv word each. The operator gives them to `k6 archive` too, which knows no `--out`: it takes that option and its
 * value away where they are two words, and fails where they are one. Of the environment it sees only what `--env` says.
 */
export function k6Arguments(rows: FleetManifests['rows']): readonly string[] {
  const common = ['--no-color', '--summary-mode=disabled', '--no-thresholds', '--system-tags=scenario'];
  return rows === 'console'
    ? [...common, '--log-format=raw']
    : [...common, '--log-format=json', '--out', 'csv=fileName=-,timeFormat=unix_nano,saveInterval=100ms'];
}

function plainEnvironment({ ca }: FleetManifests): readonly object[] {
  const plain = {
    K6_NO_USAGE_REPORT: 'true',
    K6_AUTO_EXTENSION_RESOLUTION: 'false',
    GODEBUG: 'http2client=0',
    ...(ca === null ? {} : { SSL_CERT_FILE: `/test/${CA}`, SSL_CERT_DIR: '/nonexistent' }),
  };
  return Object.entries(plain).map(([name, value]) => ({ name, value }));
}

function secretEnvironment({ name, secrets }: FleetManifests): readonly object[] {
  return Object.entries(secrets).map(([variable, key]) => ({
    name: variable,
    valueFrom: { secretKeyRef: { name: secretName(name), key } },
  }));
}
