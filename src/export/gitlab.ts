import { type EnvironmentModel, type PipelineModel, safeNames } from './pipeline-model.js';
import { yamlText } from './quoting.js';

/** GitLab expands `$NAME` in the value of a variable; doubled it is a dollar sign. */
const labText = (text: string) => yamlText(text.replaceAll('$', '$$$$'));

/** A .gitlab-ci.yml with one job per environment; from the second on a person starts it. */
export function gitlabPipeline(model: PipelineModel): string {
  const names = safeNames(model.environments.map((e) => e.name));
  const jobs = model.environments.map((environment, index) => job(environment, names, index));
  return `# Written by rollproof ${model.toolVersion} export gitlab. What else to set: docs/pipelines.md
stages: [${names.map((n) => yamlText(`roll-${n}`)).join(', ')}]
.rollproof:
  image: node:22
  interruptible: false                     # a newer commit must not cut a roll
  resource_group: ${yamlText(`rollproof-${safeNames([model.name])[0]}`)}
  before_script:
    - npm install --global rollproof@${model.toolVersion}
  after_script:                            # also after a cancel (GitLab 17)
    - rollproof recover --wait
    - rollproof report --copy-to rollproof-out
  artifacts:
    when: always
    expose_as: rollproof
    paths: [rollproof-out/]
    reports: {junit: rollproof-out/junit.xml}
${jobs.join('')}`;
}

function job(environment: EnvironmentModel, names: readonly string[], index: number): string {
  const name = names[index] ?? '';
  const before = names[index - 1] ?? null;
  const { plan, region, maxMinutes, requires } = environment;
  const needsPass = requires !== null && before !== null;
  // The job's own report goes to the same folder: what came from the job before is moved out of its way.
  const script = [
    ...(needsPass ? ['mkdir -p required && cp rollproof-out/pass.json rollproof-out/result.json required/'] : []),
    `rollproof run "$ROLLPROOF_PLAN" --yes${needsPass ? ' --pass required/pass.json' : ''}`,
  ];
  return `${yamlText(`roll-${name}`)}:
  extends: .rollproof
  stage: ${yamlText(`roll-${name}`)}
${before === null ? '' : `  needs: [${yamlText(`roll-${before}`)}]\n  rules: [{when: manual, allow_failure: false}]   # a person says yes\n`}  environment: ${labText(environment.name)}
  timeout: ${maxMinutes} minutes
  variables:
    ROLLPROOF_PLAN: ${labText(plan)}
${region === null ? '' : `    AWS_REGION: ${labText(region)}\n`}  script:
${script.map((line) => `    - ${yamlText(line)}\n`).join('')}`;
}
