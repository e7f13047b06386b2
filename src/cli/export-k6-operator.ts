import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, Option } from 'commander';
import { REDACTED, redactScenario } from '../config/redaction.js';
import { RollproofError } from '../domain/errors.js';
import type { Scenario } from '../domain/scenario.js';
import { type ExportedFile, k6OperatorFiles, secretName } from '../export/k6-operator.js';
import { plainLine } from '../report/plain-text.js';
import { k6Fleet } from '../traffic/fleet/k6-fleet.js';
import { durationMs, wholeNumber } from './argument-values.js';
import type { Io } from './io.js';
import { scenarioFrom } from './run.js';

interface OperatorOptions {
  readonly out: string;
  readonly parallelism: number;
  readonly duration: number;
  readonly rows: 'console' | 'csv';
  readonly name?: string;
}

const PROBE = fileURLToPath(new URL('../../scenarios/k6/probe.ts', import.meta.url));

/** `rollproof export k6-operator SCENARIO`: the traffic as TestRun manifests, and the plan that `collect` holds rows against. */
export function addExportK6Operator(group: Command, io: Io): void {
  group
    .command('k6-operator')
    .description('write the traffic as TestRuns for k6-operator (Kubernetes); judge their rows with rollproof collect')
    .argument('<scenario>', 'scenario file (YAML)')
    .option('-o, --out <dir>', 'where the manifests go', 'k6-operator')
    .option('--parallelism <pods>', 'pods per TestRun, 1 to 64', wholeNumber, 2)
    .addOption(
      new Option('--duration <time>', 'how long they fire: longer than the deploy takes')
        .argParser(durationMs)
        .default(600_000, '10m'),
    )
    .option(
      '--rows <form>',
      'console: a short line per request; csv: k6’s CSV on stdout, with drops, 15 times larger',
      'console',
    )
    .option('--name <name>', 'name of the objects; the scenario’s without')
    .addHelpText('after', HELP)
    .action(async (file: string, options: OperatorOptions) => {
      const scenario = await scenarioFrom(file, io);
      const { files, notes } = operatorFiles(scenario, options);
      const dir = resolve(io.cwd, options.out);
      writeFiles(dir, files);
      io.stdout.write(files.map(({ path }) => `${plainLine(join(options.out, path), 4000)}\n`).join(''));
      for (const note of notes) io.stderr.write(`note: ${plainLine(note, 1000)}\n`);
    });
}

const HELP = `
kubectl apply -n NS -f DIR starts all pods of a TestRun at the same moment (the operator's starter). When they have ended,
rollproof collect reads their rows, with plan.json from DIR. docs/kubernetes.md tells the rest.`;

function operatorFiles(
  scenario: Scenario,
  options: OperatorOptions,
): { readonly files: readonly ExportedFile[]; readonly notes: readonly string[] } {
  const { service, traffic } = scenario;
  if (options.rows !== 'console' && options.rows !== 'csv')
    throw new RollproofError('ARGUMENT_INVALID', `--rows ${options.rows}`, { hint: 'give console or csv' });
  if (options.duration < 5000)
    throw new RollproofError('ARGUMENT_INVALID', '--duration is too short to judge anything', {
      hint: 'give 5s at least',
    });
  if (scenario.balancer.kind === 'lab')
    throw new RollproofError('SCENARIO_INVALID', 'the lab is on this machine only: no pod reaches it', {
      hint: 'export the scenario of a real load balancer',
    });
  const name = dnsLabel(options.name ?? scenario.name);
  const secretHeaders = secretsOf(scenario);
  const fleet = k6Fleet({
    scenario: scenario.name,
    name,
    service,
    traffic,
    shards: options.parallelism,
    durationMs: options.duration,
    rows: options.rows,
    secretHeaders,
  });
  const keys = Object.entries(secretHeaders).map(([header, variable]) => [variable, header.toLowerCase()] as const);
  const files = k6OperatorFiles({
    name,
    parallelism: options.parallelism,
    rows: options.rows,
    script: readFileSync(PROBE, 'utf8'),
    plan: `${JSON.stringify(fleet.plan, null, 2)}\n`,
    ca: traffic.tls.caFile === null ? null : readCa(traffic.tls.caFile),
    secrets: Object.fromEntries(keys),
    testRuns: fleet.probes.map((probe) => ({
      name: probe.name,
      probe: JSON.stringify(probe),
      vusPerPod: probe.lanes.reduce((sum, lane) => sum + lane.vus, 0) / options.parallelism,
      ratePerPod: probe.lanes.reduce((sum, lane) => sum + lane.ratePerSecond, 0) / options.parallelism,
    })),
  });
  const wanted =
    keys.length === 0
      ? []
      : [
          `the pods need Secret ${secretName(name)} with ${keys.map(([, key]) => key).join(', ')}; it is not written here`,
        ];
  return { files, notes: [...fleet.notes, ...wanted] };
}

/** Headers whose names speak of secrets, with the variable each is read from. A secret elsewhere is refused. */
function secretsOf(scenario: Scenario): Record<string, string> {
  const { service } = scenario;
  const redacted = redactScenario(scenario);
  const hidden = (text: string | undefined) => text?.includes(REDACTED) === true;
  if (hidden(redacted.service.url) || hidden(redacted.traffic.lanes.long?.path))
    throw new RollproofError('SCENARIO_INVALID', 'the URL holds a secret, which would stand in the ConfigMap', {
      hint: 'send it as a header: those come from a Secret',
    });
  return Object.fromEntries(
    Object.keys(service.headers)
      .filter((header) => hidden(redacted.service.headers[header]))
      .map((header) => [header, `ROLLPROOF_HEADER_${header.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`]),
  );
}

/** A name Kubernetes takes, short enough for the pods' own names and labels made of it. */
function dnsLabel(name: string): string {
  const label = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  if (label !== '') return label;
  throw new RollproofError('ARGUMENT_INVALID', 'no Kubernetes name can be made of the scenario’s', {
    hint: 'give one with --name',
  });
}

function readCa(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new RollproofError('SCENARIO_INVALID', `traffic.tls.caFile: cannot read ${path}`, { cause });
  }
}

function writeFiles(dir: string, files: readonly ExportedFile[]): void {
  try {
    mkdirSync(dir, { recursive: true });
    for (const { path, text } of files) writeFileSync(join(dir, path), text);
  } catch (cause) {
    throw new RollproofError('DISK_WRITE_FAILED', `cannot write to ${dir}: ${(cause as Error).message}`, { cause });
  }
}
