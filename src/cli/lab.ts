import { accessSync, constants, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { EXIT, RollproofError } from '../domain/errors.js';
import type { LabHandle, LabOptions as LaunchOptions } from '../lab/launch.js';
import { labOptionsOf } from '../lab/options.js';
import { labSettings } from '../lab/presets.js';
import type { Io } from './io.js';
import { labStartError } from './lab-start-error.js';
import type { Finish } from './program.js';

interface LabOptions {
  readonly preset: string;
  readonly name: string;
  readonly targets: string;
  readonly outside?: string;
  readonly seed: string;
  readonly set: readonly string[];
  readonly port: string;
  readonly accessLog?: string;
  readonly json?: true;
}

/** `rollproof lab`: the local ELB alone, for any AWS client; `rollproof lab deploy`: the deploy command of lab scenarios. */
export function addLab(program: Command, io: Io, finish: Finish): void {
  const lab = program
    .command('lab')
    .description('start the local ELB alone, until Ctrl-C')
    .option('--preset <name>', 'timing preset: lab-fast, aws-clb, aws-alb, aws-nlb', 'lab-fast')
    .option('--name <name>', 'name of the load balancer', 'lab')
    .option('--targets <ids>', 'targets behind it, comma separated', 'staging-1,staging-2')
    .option(
      '--outside <ids>',
      'those of them that it does not have yet (green of a blue-green deploy), comma separated',
    )
    .option('--seed <number>', 'seed of every random draw', '1')
    .option(
      '--set <knob=value>',
      'override a knob of the preset; repeatable',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('--port <number>', 'port of the API endpoint; 0 = any', '0')
    .option('--access-log <dir>', 'write an access log per node into this directory, in the format of AWS')
    .option('--json', 'print one line of JSON when ready')
    .action(async (options: LabOptions) => finish(await standAlone(options, io)));
  lab
    .command('deploy')
    .description('deploy command for lab scenarios: replaces one application (reads ROLLPROOF_* from the environment)')
    .action(async () => {
      const { deployThroughLab } = await import('../lab/deploy-client.js');
      finish(await deployThroughLab(io.env, (line) => io.stdout.write(`${line}\n`)));
    });
}

function names(list: string): readonly string[] {
  return list.split(',').map((id) => id.trim());
}

function outsideOf(id: string, instances: LaunchOptions['instances']): string {
  const found = instances.find(({ target }) => target === id);
  if (found !== undefined) return found.instance;
  throw new RollproofError('ARGUMENT_INVALID', `--outside names ${id}, and --targets does not`, {
    hint: `--targets has ${instances.map(({ target }) => target).join(', ')}`,
  });
}

async function standAlone(options: LabOptions, io: Io): Promise<number> {
  const { launchLab } = await import('../lab/launch.js');
  const instances = names(options.targets).map((target, i) => ({
    target,
    instance: `i-lab${String(i + 1).padStart(4, '0')}`,
  }));
  const lab = await launchLab(
    checked({
      preset: options.preset,
      name: options.name,
      region: 'us-east-1',
      seed: wholeNumber('--seed', options.seed),
      knobs: Object.fromEntries(options.set.map(knob)),
      instances,
      out: (options.outside === undefined ? [] : names(options.outside)).map((id) => outsideOf(id, instances)),
      version: 'v1',
      apiPort: wholeNumber('--port', options.port),
      ...(options.accessLog === undefined ? {} : { accessLogDir: logDirectory(options.accessLog) }),
    }),
  ).catch((cause: unknown) => {
    throw labStartError(cause, 'is the --port taken, or does something hold addresses 127.0.0.2 and up?');
  });
  const stopped = new Promise<null>((resolve) => io.onSignal(() => resolve(null)));
  io.stdout.write(options.json === true ? `${JSON.stringify(readyLine(lab))}\n` : readyText(lab));
  const died = await Promise.race([stopped, lab.exited]);
  await lab.stop();
  if (died === null) return EXIT.pass;
  const how = died.signal === null ? `with code ${died.code}` : `by ${died.signal}`;
  throw new RollproofError(
    'LAB_START_FAILED',
    `the lab ended by itself, ${how}${died.stderrTail.trim() === '' ? '' : `: ${died.stderrTail.trim()}`}`,
    {
      hint: 'start it again',
    },
  );
}

/** What is wrong with the arguments is said before anything starts, and is not the lab's failure. */
function checked(options: LaunchOptions): LaunchOptions {
  try {
    labSettings(options.preset, labOptionsOf(options).knobs);
    return options;
  } catch (cause) {
    throw new RollproofError('ARGUMENT_INVALID', cause instanceof Error ? cause.message : String(cause), {
      hint: 'rollproof lab --help lists the options, docs/lab.md the knobs',
      cause,
    });
  }
}

function readyLine(lab: LabHandle): object {
  const { endpoint, region, kind, loadBalancer, loadBalancerArn, targetGroupArn, haproxy } = lab;
  const { dnsName, url, caFile, nodes, instances, note, env } = lab;
  const balancer = { kind, loadBalancer, loadBalancerArn, targetGroupArn, haproxy };
  return { endpoint, region, ...balancer, dnsName, url, caFile, nodes, instances, note, env };
}

function readyText(lab: LabHandle): string {
  const targets = lab.instances.map((i) => `  ${i.target} = ${i.instance}, application on port ${i.port}`).join('\n');
  const scheme = lab.url.slice(0, lab.url.indexOf(':'));
  const nodes = lab.nodes.map((n) => `${scheme}://${n.host}:${n.port}/`).join('  ');
  const trust = lab.caFile === null ? '' : `\ncertificate ${lab.caFile} (give it to your client as the CA to trust)`;
  const group = lab.targetGroupArn === null ? '' : `\ntarget group ${lab.targetGroupArn}`;
  const note = lab.note === null ? '' : `\nnote        ${lab.note}`;
  return `lab ready: ${lab.kind} load balancer ${lab.loadBalancer} in ${lab.region}${group}
${targets}
data plane  ${nodes}${trust}${note}
${lab.haproxy === null ? awsText(lab) : haproxyText(lab.haproxy)}
Ctrl-C stops it.
`;
}

function awsText(lab: LabHandle): string {
  const [variable, look] =
    lab.targetGroupArn === null
      ? ['', `elb describe-instance-health --load-balancer-name ${lab.loadBalancer}`]
      : ['_V2', `elbv2 describe-target-health --target-group-arn ${lab.targetGroupArn}`];
  return `API         ${lab.endpoint}
point any AWS client at it:
  export AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING${variable}=${lab.endpoint} AWS_REGION=${lab.region} AWS_DEFAULT_REGION=${lab.region} AWS_ACCESS_KEY_ID=lab AWS_SECRET_ACCESS_KEY=lab
  aws ${look}`;
}

function haproxyText({ socket, backend }: NonNullable<LabHandle['haproxy']>): string {
  return `runtime API ${socket}
ask it:
  echo 'show servers state ${backend}' | socat - UNIX-CONNECT:${socket}`;
}

/** Made when missing; one that cannot be written is said before anything starts. */
function logDirectory(path: string): string {
  const dir = resolve(path);
  try {
    mkdirSync(dir, { recursive: true });
    accessSync(dir, constants.W_OK);
    return dir;
  } catch (cause) {
    throw new RollproofError(
      'ARGUMENT_INVALID',
      `--access-log ${dir}: ${cause instanceof Error ? cause.message : cause}`,
      {
        hint: 'name a directory this user may write to',
        cause,
      },
    );
  }
}

function knob(pair: string): [string, number | boolean | string | [number, number]] {
  const at = pair.indexOf('=');
  if (at < 1)
    throw new RollproofError('ARGUMENT_INVALID', `--set ${pair} is not knob=value`, {
      hint: 'e.g. --set drainEnabled=false --set registerDelayMs=1000,4000',
    });
  const text = pair.slice(at + 1);
  const numbers = text.split(',').map(Number);
  const [lo, hi] = numbers;
  if (text === 'true' || text === 'false') return [pair.slice(0, at), text === 'true'];
  if (text === '' || lo === undefined || numbers.some(Number.isNaN)) return [pair.slice(0, at), text];
  return [pair.slice(0, at), hi === undefined ? lo : [lo, hi]];
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new RollproofError('ARGUMENT_INVALID', `${option} ${text} is not a whole number`);
  return Number(text);
}
