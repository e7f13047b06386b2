import { basename } from 'node:path';
import type { Command } from 'commander';
import type { Scenario } from '../domain/scenario.js';
import type { EnvironmentModel, PipelineModel } from '../export/pipeline-model.js';
import { pipelineOf } from '../pipeline/compile.js';
import { plainLine } from '../report/plain-text.js';
import { writePlan } from './export.js';
import type { Io } from './io.js';
import { expectedMs } from './plan.js';
import { scenarioFrom } from './run.js';
import { toolVersion } from './version.js';

interface ExportOptions {
  readonly out?: string;
  readonly name?: string;
  readonly git: string;
  readonly branch: string;
  readonly simple?: true;
}

/** A roll's traffic that nobody stops ends by itself no sooner. */
const MIN_MINUTES = 30;
/** A roll takes longer than planned where the balancer is slow. */
const SLACK = 1.5;

/** `rollproof export gocd|github|gitlab|jenkins SCENARIO…`: the pipeline file of a CI server, scenarios in order. */
export function addPipelineExports(parent: Command, io: Io): void {
  const gocd = common(parent.command('gocd'), 'GoCD pipelines as code (YAML, format 10)')
    .option('--simple', 'one job per environment (rollproof run) instead of one per stage')
    .option('--git <url>', 'where the pipelines get the scenario from', 'https://git.example.org/myapp.git')
    .option('--branch <name>', 'its branch', 'main');
  gocd.action(async (files: readonly string[], options: ExportOptions) => {
    const { gocdPipelines, gocdSimple } = await import('../export/gocd.js');
    await exported(options.simple === true ? gocdSimple : gocdPipelines, files, options, io);
  });
  common(parent.command('github'), 'a GitHub Actions workflow').action(
    async (files: readonly string[], options: ExportOptions) => {
      const { githubWorkflow } = await import('../export/github.js');
      await exported(githubWorkflow, files, options, io);
    },
  );
  common(parent.command('gitlab'), 'a GitLab CI pipeline').action(
    async (files: readonly string[], options: ExportOptions) => {
      const { gitlabPipeline } = await import('../export/gitlab.js');
      await exported(gitlabPipeline, files, options, io);
    },
  );
  common(parent.command('jenkins'), 'a declarative Jenkinsfile').action(
    async (files: readonly string[], options: ExportOptions) => {
      const { jenkinsfile } = await import('../export/jenkins.js');
      await exported(jenkinsfile, files, options, io);
    },
  );
}

function common(command: Command, what: string): Command {
  return command
    .description(`write ${what}: the scenarios in order, a person before each but the first`)
    .argument('<scenarios...>', 'scenario files, e.g. staging.yaml production.yaml')
    .option('--name <name>', 'of the service (default: name of the working directory)')
    .option('-o, --out <file>', 'where to write it; standard output without');
}

async function exported(
  render: (model: PipelineModel) => string,
  files: readonly string[],
  { out, name, git = '', branch = '' }: ExportOptions,
  io: Io,
): Promise<void> {
  const scenarios: Scenario[] = [];
  for (const file of files) scenarios.push(await scenarioFrom(file, io));
  const environments = scenarios.map((scenario, i) => environmentOf(files[i] ?? '', scenario));
  const [first, ...rest] = environments;
  if (first === undefined) return;
  const swapping = scenarios.filter(({ rollout }) => rollout.strategy === 'blue-green').map((s) => s.environment);
  if (swapping.length > 0)
    io.stderr.write(
      `note: the groups of ${plainLine(swapping.join(', '))} change places with every blue-green deploy: take their names in rollout.blueGreen from variables (docs/pipelines.md)\n`,
    );
  const text = render({
    name: name ?? basename(io.cwd),
    toolVersion: toolVersion(),
    git: { url: git, branch },
    environments: [first, ...rest],
  });
  if (out === undefined) io.stdout.write(text);
  else writePlan(out, text, io);
}

function environmentOf(file: string, scenario: Scenario): EnvironmentModel {
  const { balancer, rollout, environment, requires } = scenario;
  const steps = pipelineOf(scenario, null).stages.flatMap((s) => s.steps);
  const deployMs = rollout.deploy.kind === 'command' ? rollout.deploy.timeoutMs : 0;
  const waitsMs = steps.reduce(
    (ms, s) => ms + (s.kind === 'await' ? s.timeoutMs : s.kind === 'deploy' ? deployMs : 0),
    0,
  );
  const minutes = Math.ceil(((expectedMs(scenario) + waitsMs) * SLACK) / 60_000);
  return {
    name: environment,
    plan: file,
    stages: pipelineOf(scenario, null).stages.map((s) => s.name),
    region: 'region' in balancer ? balancer.region : null,
    maxMinutes: Math.max(MIN_MINUTES, minutes),
    requires: requires?.environment ?? null,
  };
}
