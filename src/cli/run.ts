import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { ScenarioOverride } from '../config/overrides.js';
import { formatProblems } from '../config/problem-text.js';
import { RollproofError } from '../domain/errors.js';
import type { ReportLayout } from '../domain/event.js';
import type { Scenario } from '../domain/scenario.js';
import { balancerWords } from './balancer-words.js';
import type { Io } from './io.js';
import { portNumber } from './port-number.js';
import type { Finish } from './program.js';
import { collected, resolveOverrides } from './resolve-option.js';

/** Options about what must have passed before (`requires:`). */
export interface PassOptions {
  readonly pass?: string;
  readonly withoutPass?: true;
}

/** Options that `run` and `demo` share. */
export interface RunOptions extends PassOptions {
  readonly out: string;
  readonly force?: true;
  readonly yes?: true;
  readonly json?: true;
  readonly quiet?: true;
  readonly live?: true;
  readonly livePort?: number;
  readonly reportLayout?: ReportLayout;
}

/** `rollproof run SCENARIO`: the whole thing; the exit code is the verdict. */
export function addRun(program: Command, io: Io, finish: Finish): void {
  withPassOptions(withRunOptions(program.command('run')))
    .description('roll the new version while traffic flows; the exit code is the verdict')
    .argument('<scenario>', 'scenario file (YAML)')
    .option('--yes', 'do not ask before touching a load balancer that is not the lab')
    .option('--force', 'go on although preflight or the power check says no')
    .option(
      '--resolve <host:address,...>',
      'where to find a host of the traffic, instead of DNS; all addresses are used, may be repeated',
      collected,
      [],
    )
    .action(async (file: string, options: RunOptions & { readonly resolve: readonly string[] }) => {
      const scenario = await scenarioFrom(file, io, resolveOverrides(options.resolve));
      await confirm(scenario, options, io);
      const { conductRun } = await import('./conduct.js');
      finish(
        await conductRun(
          {
            scenario,
            scenarioFile: file,
            command: ['rollproof', 'run', file, ...options.resolve.flatMap((text) => ['--resolve', text])],
            options,
          },
          io,
        ),
      );
    });
}

export function withPassOptions(command: Command): Command {
  return command
    .option('--pass <path>', 'run directory (or pass.json) of the PASS that `requires:` wants')
    .option('--without-pass', 'go on although what `requires:` wants has not passed; the journal says so');
}

export function withRunOptions(command: Command): Command {
  return command
    .option('-o, --out <dir>', 'where run directories go', 'reports')
    .option('--json', 'print result.json instead of the summary')
    .option('-q, --quiet', 'no progress, only the summary (and for a CI server a sign of life every 25 s)')
    .option('--live', 'serve the running timeline to a browser on this machine')
    .option('--live-port <port>', 'port of the live page; any free one by default', portNumber)
    .addOption(layoutOption());
}

/** `--report-layout`, as `report` has it too. */
export function layoutOption(): Option {
  return new Option(
    '--report-layout <layout>',
    'split: style and script in files beside report.html, for servers whose policy forbids them inside',
  ).choices(['single', 'split'] satisfies ReportLayout[]);
}

/** Loads a scenario file or throws all its problems at once; what is merely doubtful goes to stderr. */
export async function scenarioFrom(
  file: string,
  io: Io,
  overrides: readonly ScenarioOverride[] = [],
): Promise<Scenario> {
  const { loadScenario } = await import('../config/load.js');
  const loaded = loadScenario(file, { readFile: (path) => readFileSync(path, 'utf8'), env: io.env }, overrides);
  if (loaded.warnings.length > 0) io.stderr.write(`warnings:\n${formatProblems(loaded.warnings)}\n\n`);
  return loaded.scenario;
}

/** Somebody's servers: a person says yes, or the pipeline says --yes. */
async function confirm(scenario: Scenario, options: RunOptions, io: Io): Promise<void> {
  await confirmed(scenario, null, options, io);
}

/** Asks before somebody's servers are touched; `more` says what else is done with them than one roll. */
export async function confirmed(
  scenario: Scenario,
  more: string | null,
  options: Pick<RunOptions, 'yes'>,
  io: Io,
): Promise<void> {
  const { balancer, targets, rollout } = scenario;
  if (balancer.kind === 'lab' || options.yes === true) return;
  const what = `${more === null ? '' : `${more}: `}roll ${rollout.version} over ${targets.map((t) => t.id).join(', ')} behind ${balancerWords(balancer)}`;
  if (!io.stdinIsTty) {
    throw new RollproofError('CONFIRMATION_NEEDED', `this would ${what}, and there is no terminal to ask`, {
      hint: 'add --yes to the command',
    });
  }
  const answer = await io.ask(`This will ${what}. Go on? [y/N] `);
  if (!/^y(es)?$/i.test(answer?.trim() ?? ''))
    throw new RollproofError('CONFIRMATION_NEEDED', 'not confirmed; nothing was touched', {
      hint: 'answer y, or add --yes to the command',
    });
}
