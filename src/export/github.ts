import { type EnvironmentModel, type PipelineModel, safeNames } from './pipeline-model.js';
import { yamlText } from './quoting.js';

/** Begins what GitHub evaluates, anywhere in a workflow. */
const EXPRESSION = '\u0024{{';

/** A text that GitHub leaves as it is: what would be an expression becomes a literal of one. */
const ghText = (text: string) => yamlText(text.replaceAll(EXPRESSION, `${EXPRESSION} '${EXPRESSION}' }}`));

/**
 * A workflow with one job per environment. Values reach the shell as variables, never as its text. A person stands between
 * two jobs when the repository's environment of that name wants reviewers.
 */
export function githubWorkflow(model: PipelineModel): string {
  const ids = safeNames(model.environments.map((e) => e.name)).map((id) =>
    id.replaceAll('.', '-').replace(/^(?=[\d-])/, 'e'),
  );
  const jobs = model.environments.map((environment, index) => job(model, environment, ids, index));
  return `# Written by rollproof ${model.toolVersion} export github. What else to set: docs/pipelines.md
name: roll ${safeNames([model.name])[0]}
on:
  workflow_dispatch:
permissions:
  contents: read
concurrency:                               # a roll that is cut off leaves a target out: the next one waits
  group: rollproof-${safeNames([model.name])[0]}
  cancel-in-progress: false
jobs:
${jobs.join('')}`;
}

function job(model: PipelineModel, environment: EnvironmentModel, ids: readonly string[], index: number): string {
  const id = ids[index] ?? '';
  const before = ids[index - 1] ?? null;
  const { plan, name, region, maxMinutes, requires } = environment;
  const needsPass = requires !== null && before !== null;
  const fetch = `      - uses: actions/download-artifact@v4
        with: {name: rollproof-${before}, path: required}
`;
  return `  ${id}:
    runs-on: ubuntu-latest                 # or a runner that reaches the service
${before === null ? '' : `    needs: ${before}\n`}    environment: ${ghText(name)}
    timeout-minutes: ${maxMinutes}
    env:
      ROLLPROOF_PLAN: ${ghText(plan)}
${region === null ? '' : `      AWS_REGION: ${ghText(region)}\n`}    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: {node-version: 22}
      - run: npm install --global rollproof@${model.toolVersion}
${needsPass ? fetch : ''}      - name: Roll
        run: rollproof run "$ROLLPROOF_PLAN" --yes${needsPass ? ' --pass required/pass.json' : ''}
      - name: Attach what is still out
        if: \${{ failure() || cancelled() }}
        run: rollproof recover --wait
      - name: Report
        if: \${{ always() }}
        run: rollproof report --copy-to rollproof-out
      - if: \${{ always() }}
        uses: actions/upload-artifact@v4
        with: {name: rollproof-${id}, path: rollproof-out, if-no-files-found: ignore}
`;
}
