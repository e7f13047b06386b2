import type { Command } from 'commander';
import { EXIT } from '../domain/errors.js';

/** What the help of one command says beyond its options. */
interface ManualPage {
  /** Command lines without the leading `rollproof`, each with what it does. */
  readonly examples: readonly (readonly [string, string])[];
  readonly exits: readonly (keyof typeof EXIT)[];
  readonly env?: readonly (keyof typeof VARIABLES)[];
}

const EXIT_WORDS: Readonly<Record<keyof typeof EXIT, string>> = {
  pass: 'PASS, or done',
  fail: 'FAIL: downtime was seen, or a wrong version',
  inconclusive: 'INCONCLUSIVE: nothing was proven',
  refused: 'refused before anything was touched, or a step failed',
  usage: 'bad arguments, scenario or run directory',
  unavailable: 'a needed tool or service is missing, or an engine failed its self-test',
  internal: 'internal error',
  interrupted: 'stopped by Ctrl-C; targets are attached again first',
  terminated: 'stopped by SIGTERM; targets are attached again first',
};

const VARIABLES = {
  ROLLPROOF_STATE_DIR: 'where locks, last runs and self-tests are kept (default: $XDG_STATE_HOME/rollproof)',
  ROLLPROOF_K6: 'the k6 to use (default: k6 on PATH)',
  JMETER_HOME: 'folder of the JMeter to use (default: that of jmeter on PATH)',
  ROLLPROOF_HAPROXY: 'the HAProxy to use in the lab (default: haproxy on PATH)',
  AWS_PROFILE: 'and the other AWS_* variables: credentials and region, as for every AWS SDK',
  NO_COLOR: 'no colour; FORCE_COLOR: colour also where there is no terminal',
  ROLLPROOF_DEBUG: 'set: errors are shown with their stack',
} as const;

const RUN_EXITS = Object.keys(EXIT) as (keyof typeof EXIT)[];
const READ_EXITS = ['pass', 'usage', 'internal'] as const;
const RUN_ENV = ['ROLLPROOF_STATE_DIR', 'ROLLPROOF_K6', 'JMETER_HOME', 'AWS_PROFILE', 'NO_COLOR'] as const;
const VERDICT_EXITS = ['pass', 'fail', 'inconclusive', 'usage', 'internal'] as const;

/** By the words that lead to the command. */
const PAGES: Readonly<Record<string, ManualPage>> = {
  demo: {
    examples: [
      ['demo', 'a clean roll in the lab: PASS'],
      ['demo --fault no-drain', 'a roll that drops requests: FAIL'],
    ],
    exits: RUN_EXITS,
    env: ['NO_COLOR'],
  },
  run: {
    examples: [
      ['run scenarios/lab.yaml', 'roll in the lab'],
      ['run production.yaml --yes --quiet', 'in a pipeline: no question, no progress'],
      ['run production.yaml --json | jq .verdict', 'the result for a program'],
    ],
    exits: RUN_EXITS,
    env: RUN_ENV,
  },
  plan: {
    examples: [['plan production.yaml', 'see the steps, and whether the traffic can prove what is asked']],
    exits: ['pass', 'inconclusive', 'usage', 'internal'],
  },
  preflight: {
    examples: [['preflight production.yaml', 'the dry run: Describe calls only']],
    exits: ['pass', 'refused', 'usage', 'unavailable', 'internal'],
    env: ['AWS_PROFILE'],
  },
  report: {
    examples: [
      ['report', 'the newest run again'],
      ['report reports/lab/20261122T081503Z', 'one run'],
    ],
    exits: VERDICT_EXITS,
  },
  import: {
    examples: [['import k6.csv --events reports/lab/20261122T081503Z/events.ndjson', 'judge what k6 fired']],
    exits: VERDICT_EXITS,
  },
  'export jmeter': {
    examples: [['export jmeter production.yaml -o plan.jmx', 'the traffic as a test plan']],
    exits: READ_EXITS,
  },
  serve: {
    examples: [['serve reports', 'all runs of the folder, at an address of this machine']],
    exits: ['pass', 'usage', 'internal', 'interrupted'],
  },
  compare: {
    examples: [
      ['compare lab.yaml --sleep 0s,2s,6s --repeat 3', 'the shortest sleep that is safe'],
      ['compare reports/lab/A reports/lab/B', 'two runs side by side'],
    ],
    exits: RUN_EXITS,
    env: RUN_ENV,
  },
  history: { examples: [['history', 'what all runs below ./reports add up to']], exits: READ_EXITS },
  init: { examples: [['init my-service.yaml', 'a commented file to start from']], exits: READ_EXITS },
  schema: { examples: [['schema > rollproof.schema.json', 'for the YAML support of an editor']], exits: READ_EXITS },
  recover: {
    examples: [['recover', 'attach what the newest run left detached']],
    exits: ['pass', 'refused', 'usage', 'unavailable', 'internal'],
    env: ['AWS_PROFILE', 'ROLLPROOF_STATE_DIR'],
  },
  doctor: {
    examples: [
      ['doctor', 'everything, with a self-test of every engine that is installed'],
      ['doctor --engine k6', 'k6 only; exit 69 where there is none'],
      ['doctor --no-self-test --json', 'what is installed, for a program'],
    ],
    exits: ['pass', 'usage', 'unavailable', 'internal'],
    env: ['ROLLPROOF_STATE_DIR', 'ROLLPROOF_K6', 'JMETER_HOME', 'AWS_PROFILE'],
  },
  unlock: {
    examples: [['unlock production.yaml', 'who holds the lock']],
    exits: ['pass', 'refused', 'usage', 'unavailable', 'internal'],
    env: ['ROLLPROOF_STATE_DIR', 'AWS_PROFILE'],
  },
  lab: {
    examples: [
      ['lab', 'an ELB of its own on this machine'],
      ['lab --preset aws-clb --port 4567', 'with the delays of AWS, at a known port'],
    ],
    exits: ['pass', 'usage', 'unavailable', 'internal'],
    env: ['ROLLPROOF_HAPROXY'],
  },
  completion: {
    examples: [
      ['completion bash > /etc/bash_completion.d/rollproof', 'bash'],
      ['completion zsh > ~/.zfunc/_rollproof', 'zsh, with ~/.zfunc in fpath'],
      ['completion fish > ~/.config/fish/completions/rollproof.fish', 'fish'],
    ],
    exits: READ_EXITS,
  },
};

/** Adds examples, exit codes and environment variables to the help of every command; one without a page gets the exit codes. */
export function addManual(program: Command): void {
  const below = (command: Command, path: readonly string[]): void => {
    const page = PAGES[path.join(' ')];
    if (page !== undefined) command.addHelpText('after', textOf(page));
    else if (path.length > 0 && command.commands.length === 0)
      command.addHelpText('after', textOf({ examples: [], exits: RUN_EXITS }));
    for (const child of command.commands) below(child, [...path, child.name()]);
  };
  below(program, []);
}

/** Pages of commands that are not there: a renamed command must take its page along. */
export function pagesWithoutCommand(program: Command): readonly string[] {
  return Object.keys(PAGES).filter((path) => find(program, path.split(' ')) === undefined);
}

function find(command: Command, path: readonly string[]): Command | undefined {
  return path.reduce<Command | undefined>((at, word) => at?.commands.find((c) => c.name() === word), command);
}

function textOf({ examples, exits, env = [] }: ManualPage): string {
  return [
    ...(examples.length === 0
      ? []
      : ['', 'Examples:', ...examples.flatMap(([line, what]) => [`  rollproof ${line}`, `      ${what}`])]),
    '',
    'Exit codes:',
    ...exits.map((name) => `  ${String(EXIT[name]).padEnd(4)} ${EXIT_WORDS[name]}`),
    ...(env.length === 0 ? [] : ['', 'Environment:', ...env.map((name) => `  ${name}\n      ${VARIABLES[name]}`)]),
  ].join('\n');
}
