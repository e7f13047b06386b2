import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { parseAction } from '@actions/workflow-parser/actions/action-parser';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { githubWorkflow } from '../../src/export/github.js';
import { gitlabPipeline } from '../../src/export/gitlab.js';
import { gocdPipelines, gocdSimple } from '../../src/export/gocd.js';
import { jenkinsfile } from '../../src/export/jenkins.js';
import { type PipelineModel, safeNames } from '../../src/export/pipeline-model.js';
import { groovyText, shellWord, yamlText } from '../../src/export/quoting.js';
import { gocdJobs } from '../support/gocd.js';

const MODEL: PipelineModel = {
  name: 'myapp',
  toolVersion: '0.1.0',
  git: { url: 'https://git.example.org/myapp.git', branch: 'main' },
  environments: [
    {
      name: 'staging',
      plan: 'deploy/staging.yaml',
      stages: ['server-1-out', 'server-1-in', 'server-2'],
      region: 'eu-west-1',
      maxMinutes: 30,
      requires: null,
    },
    {
      name: 'production',
      plan: 'deploy/production.yaml',
      stages: ['production-1-out', 'production-1-in', 'production-2'],
      region: 'eu-west-1',
      maxMinutes: 45,
      requires: 'staging',
    },
  ],
};

const OPEN = '\u0024{{';
/** Everything that means something to YAML, a shell, Groovy or one of the servers. */
const NASTY = `it's "a" #{b} \${{ github.token }} $HOME \`id\` $(id) \\u0027 \\ : [x] & *y !z %d @e\n- é\u2028`;
const HOSTILE: PipelineModel = {
  name: NASTY,
  toolVersion: '0.1.0',
  git: { url: NASTY, branch: NASTY },
  environments: [
    {
      name: NASTY,
      plan: NASTY,
      stages: ['true', 'verify', NASTY, `${NASTY}?`],
      region: NASTY,
      maxMinutes: 30,
      requires: null,
    },
    { name: `2${NASTY}`, plan: NASTY, stages: [NASTY], region: null, maxMinutes: 31, requires: 'x' },
  ],
};

const golden = (name: string) => fileURLToPath(new URL(`golden/${name}`, import.meta.url));
const FORMATS = [
  ['gocd.yaml', gocdPipelines],
  ['gocd-simple.yaml', gocdSimple],
  ['github.yml', githubWorkflow],
  ['gitlab-ci.yml', gitlabPipeline],
  ['Jenkinsfile', jenkinsfile],
] as const;

describe('exported pipelines', () => {
  it.each(FORMATS)('%s is what it was', async (name, render) => {
    await expect(render(MODEL)).toMatchFileSnapshot(golden(name));
  });

  it('GoCD: the tasks of the design, in order; with hostile names they arrive as they are', () => {
    const { jobs, variables } = gocdJobs(gocdPipelines(MODEL), 'myapp-production');
    expect(jobs.map((j) => j.stage)).toEqual([
      'approve',
      'production-1-out',
      'production-1-in',
      'production-2',
      'verify',
    ]);
    expect(jobs[1]?.tasks.map((t) => `${t.run_if ?? 'passed'} ${t.arguments.join(' ')}`)).toEqual([
      'passed preflight',
      'passed traffic start --detach --max-duration 45m',
      'passed stage production-1-out',
      'failed recover --wait',
      'failed verify --partial --out rollproof-out',
    ]);
    expect(jobs[1]?.tasks[2]?.on_cancel?.exec.arguments).toEqual(['recover', '--kill-running', '--wait']);
    expect(variables).toMatchObject({ ROLLPROOF_PLAN: 'deploy/production.yaml', ROLLPROOF_TARGET: 'production' });

    const doubled = NASTY.replaceAll('#', '##');
    const file = parse(gocdPipelines(HOSTILE)) as { pipelines: Record<string, object> };
    const [first = ''] = Object.keys(file.pipelines);
    const hostile = gocdJobs(gocdPipelines(HOSTILE), first);
    const names = hostile.jobs.map((j) => j.stage);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((n) => !/^[a-zA-Z0-9_][a-zA-Z0-9_.-]*$/.test(n))).toEqual([]);
    expect(hostile.jobs.map((j) => j.tasks.find((t) => t.arguments[0] === 'stage')?.arguments[1])).toEqual([
      'true',
      'verify',
      doubled,
      `${doubled}?`,
      undefined,
    ]);
    expect(hostile.variables.ROLLPROOF_PLAN).toBe(doubled);
    expect(parse(gocdSimple(HOSTILE))).toMatchObject({ format_version: 10 });
  });

  it.each([
    ['ours', MODEL],
    ['hostile', HOSTILE],
  ])('GitHub: its own parser takes the workflow and finds no expression of a stranger (%s)', (_, model) => {
    const text = githubWorkflow(model);
    const { context } = parseWorkflow({ name: 'roll.yml', content: text }, new NoOperationTraceWriter());
    expect(context.errors.getErrors().map((e) => e.message)).toEqual([]);
    const file = parse(text) as {
      jobs: Record<string, { env: { ROLLPROOF_PLAN: string }; steps: { run?: string }[] }>;
    };
    const plain = (text: string) => text.replaceAll(`${OPEN} '${OPEN}' }}`, OPEN);
    const jobs = Object.values(file.jobs);
    expect(jobs.map((j) => plain(j.env.ROLLPROOF_PLAN))).toEqual(model.environments.map((e) => e.plan));
    expect(jobs.flatMap((j) => j.steps.flatMap((s) => s.run ?? [])).join('\n')).not.toContain(OPEN);
  });

  it('GitHub: the composite action and the example workflow are valid', () => {
    const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
    const action = parseAction({ name: 'action.yml', content: read('action.yml') }, new NoOperationTraceWriter());
    expect(action.context.errors.getErrors().map((e) => e.message)).toEqual([]);
    const steps = (parse(read('action.yml')) as { runs: { steps: { run?: string }[] } }).runs.steps;
    expect(steps.flatMap((s) => s.run ?? []).join('\n'), 'inputs reach the shell as variables').not.toContain(OPEN);
    const example = { name: 'github.yml', content: read('scenarios/ci/github.yml') };
    const { context } = parseWorkflow(example, new NoOperationTraceWriter());
    expect(context.errors.getErrors().map((e) => e.message)).toEqual([]);
  });

  it('GitLab: jobs in order, a person before the second; values are no variables of theirs', () => {
    const file = parse(gitlabPipeline(HOSTILE)) as Record<
      string,
      { variables?: { ROLLPROOF_PLAN: string }; rules?: unknown }
    >;
    const jobs = Object.entries(file).filter(([name]) => name.startsWith('roll-'));
    expect(jobs.map(([, job]) => job.variables?.ROLLPROOF_PLAN.replaceAll('$$', '$'))).toEqual([NASTY, NASTY]);
    expect(jobs.map(([, job]) => job.rules)).toEqual([undefined, [{ when: 'manual', allow_failure: false }]]);
  });

  const jmeter = join(process.env.JMETER_HOME ?? '', 'lib');
  const groovy = existsSync(join(jmeter, 'groovy-3.0.20.jar'));
  it('Jenkins: Groovy compiles it, and a value stays a value', { timeout: 60_000 }, ({ skip }) => {
    if (!groovy) {
      if (process.env.ROLLPROOF_REQUIRE_TOOLS === '1')
        throw new Error('JMETER_HOME has no Groovy: cannot check the Jenkinsfile');
      skip('JMETER_HOME has no Groovy');
    }
    const folder = mkdtempSync(join(tmpdir(), 'rollproof-groovy-'));
    try {
      for (const [name, model] of [
        ['ours', MODEL],
        ['hostile', HOSTILE],
      ] as const)
        writeFileSync(join(folder, name), jenkinsfile(model));
      writeFileSync(join(folder, 'value'), `return ${groovyText(NASTY)}`);
      const script = `def shell = new GroovyShell()
for (name in ['ours', 'hostile']) shell.parse(new File(args[0], name).getText('UTF-8'))
print shell.evaluate(new File(args[0], 'value').getText('UTF-8')).getBytes('UTF-8').encodeBase64()`;
      writeFileSync(join(folder, 'check.groovy'), script);
      const printed = execFileSync('java', [
        '-cp',
        join(jmeter, '*'),
        'groovy.ui.GroovyMain',
        join(folder, 'check.groovy'),
        folder,
      ]);
      expect(Buffer.from(printed.toString(), 'base64').toString('utf8')).toBe(NASTY);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('quoting', () => {
  it.each(['yes', 'NO', 'null', '1.0', '0x1f', '', ' a', 'a: b', 'a #b', '- a', '~', '.inf', '2026-01-01', NASTY])(
    'YAML gives back %j',
    (text) => expect(parse(`a: [${yamlText(text)}]`)).toEqual({ a: [text] }),
  );
  it('a shell gives back what it was given', () => {
    const words = [NASTY, '', "'", '-n', 'plain/word.yaml'];
    const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(shellWord).join(' ')}`]).toString();
    expect(printed.split('\0').slice(0, -1)).toEqual(words);
  });
  it('names are safe and each is there once', () => {
    expect(safeNames(['a b', 'a-b', 'A B', '..', '-x'])).toEqual(['a-b', 'a-b-2', 'A-B-3', 'x', 'x-2']);
  });
});
