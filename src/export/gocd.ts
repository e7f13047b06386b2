import { type EnvironmentModel, type PipelineModel, SILENT_MINUTES, safeNames } from './pipeline-model.js';
import { yamlList, yamlText } from './quoting.js';

/** GoCD puts parameters in for `#{name}` and refuses any other `#`; doubled it is one. */
const goText = (text: string) => yamlText(text.replaceAll('#', '##'));
const exec = (words: readonly string[]) => `{command: rollproof, arguments: ${yamlList(words, goText)}}`;

const OUT = 'rollproof-out';

/** The two forms: what the stages of one pipeline are, and which of them the next pipeline waits for. */
interface Form {
  readonly what: string;
  readonly common: string;
  readonly lastStage: string;
  stages(environment: EnvironmentModel, upstream: string | null): string;
}

/**
 * Pipelines as code for gocd-yaml-config-plugin, format 10 (GoCD 20.8 and later): a pipeline per environment with the
 * stages of the roll and one that judges it, each after the first behind a person.
 */
export function gocdPipelines(model: PipelineModel): string {
  return document(model, STEPWISE);
}

/** The same in one job per environment: `rollproof run` does it all, and attaches again by itself when it is cancelled. */
export function gocdSimple(model: PipelineModel): string {
  return document(model, SIMPLE);
}

const REPORT = `common:
  report: &report                          # uploaded even when a task failed
    - build: {source: "${OUT}/**/*", destination: rollproof}
    - test: {source: ${OUT}/junit.xml, destination: junit}
  tabs: &tabs {ZeroDowntime: rollproof/report.html}
`;

const JOB = `              timeout: ${SILENT_MINUTES}                  # minutes without output
              resources: [rollproof]       # held by exactly one agent: state directory and traffic live there
              artifacts: *report
              tabs: *tabs
              tasks:
`;

const STEPWISE: Form = {
  what: 'a job per stage, the traffic a process of its own between them',
  common: `${REPORT}  on_failure: &on_failure                  # re-attach what we detached, then a partial report
    - exec: {run_if: failed, command: rollproof, arguments: [recover, --wait]}
    - exec: {run_if: failed, command: rollproof, arguments: [verify, --partial, --out, ${OUT}]}
`,
  lastStage: 'verify',
  stages({ stages, maxMinutes }) {
    const names = safeNames(['approve', 'verify', ...stages]).slice(2);
    const rolling = stages.map((stage, index) => {
      const first = index === 0;
      const begin = `                - exec: ${exec(['preflight'])}
                - exec: ${exec(['traffic', 'start', '--detach', '--max-duration', `${maxMinutes}m`])}
`;
      return `      - ${yamlText(names[index] ?? '')}:
${first ? '          clean_workspace: true\n' : ''}          jobs:
            roll:
${JOB}${first ? begin : ''}                - exec:
                    command: rollproof
                    arguments: ${yamlList(['stage', stage], goText)}
                    on_cancel: {exec: ${exec(['recover', '--kill-running', '--wait'])}}
                - *on_failure
`;
    });
    return `${rolling.join('')}      - verify:                            # stops the traffic and judges; the exit code is the verdict
          keep_artifacts: true
          jobs:
            verdict:
${JOB}                - exec: ${exec(['verify', '--stop-traffic', '--out', OUT])}
`;
  },
};

const SIMPLE: Form = {
  what: 'one job per environment, rollproof run does it all',
  common: REPORT,
  lastStage: 'roll',
  stages({ plan, requires }, upstream) {
    const needsPass = requires !== null && upstream !== null;
    const fetch = `                - fetch: {pipeline: ${yamlText(upstream ?? '')}, stage: roll, job: roll, source: rollproof, destination: required}
`;
    const pass = needsPass ? ['--pass', 'required/rollproof/pass.json'] : [];
    return `      - roll:
          clean_workspace: true
          keep_artifacts: true
          jobs:
            roll:
${JOB}${needsPass ? fetch : ''}                - exec: ${exec(['run', plan, '--yes', '--out', 'reports', ...pass])}
                - exec: {run_if: any, command: rollproof, arguments: [report, --copy-to, ${OUT}]}
`;
  },
};

function document(model: PipelineModel, form: Form): string {
  const names = safeNames(model.environments.map((e) => `${model.name}-${e.name}`));
  const pipelines = model.environments.map((e, index) => pipeline(model, e, form, names, index));
  return `# Written by rollproof ${model.toolVersion} export gocd: ${form.what}.
# Check it with: gocd configrepo preflight --yaml -f FILE. What else to set: docs/pipelines.md
format_version: 10
${form.common}environments:
  rollproof:
    environment_variables: {ROLLPROOF_STATE_DIR: /var/lib/rollproof}
    pipelines: ${yamlList(names)}
pipelines:
${pipelines.join('')}`;
}

function pipeline(
  { name, git, environments }: PipelineModel,
  environment: EnvironmentModel,
  form: Form,
  names: readonly string[],
  index: number,
): string {
  const upstream = names[index - 1] ?? null;
  // The last environment is the one that matters: after a failed roll it waits until somebody has looked.
  const isLast = index > 0 && index === environments.length - 1;
  const { plan, name: target, region } = environment;
  const variables = {
    ROLLPROOF_PLAN: plan,
    ROLLPROOF_TARGET: target,
    ...(region === null ? {} : { AWS_REGION: region }),
  };
  const pairs = Object.entries(variables).map(([key, value]) => `${key}: ${goText(value)}`);
  const after =
    upstream === null ? '' : `      upstream: {pipeline: ${yamlText(upstream)}, stage: ${form.lastStage}}\n`;
  return `  ${yamlText(names[index] ?? '')}:
    group: ${yamlText(safeNames([name])[0] ?? '')}
    lock_behavior: ${isLast ? 'lockOnFailure' : 'unlockWhenFinished'}
    environment_variables: {${pairs.join(', ')}}
    materials:
      app: {git: ${goText(git.url)}, branch: ${goText(git.branch)}}
${after}    stages:
${upstream === null ? '' : GATE}${form.stages(environment, upstream)}`;
}

const GATE = `      - approve:                           # a person says yes
          approval: {type: manual}
          jobs: {gate: {tasks: [{exec: {command: "true"}}]}}
`;
