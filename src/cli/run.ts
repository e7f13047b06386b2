import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { ScenarioOverride } from '../config/overrides.js';
import { formatProblems } from '../config/problem-text.js';
import { RollproofError } from '../domain/errors.js';
import type { ReportLayout } from '../domain/event.js';
import type { Scenario } from '../domain/scenario.js';
import { balancerWords } from './balancer-words.js';
import { commandBehindDashes, duration, type ExternalOptions, withWatchEvery } from './external-options.js';
import type { Io } from './io.js';
import { portNumber } from './port-number.js';
import type { Finish } from './program.js';
import { type ResolveOptions, resolveArguments, resolveOverrides, withResolve } from './resolve-option.js';
import { type TelemetryOptions, withTelemetryOptions } from './telemetry.js';

/** Options about what must have passed before (`requires:`). */
export interface PassOptions {
  readonly pass?: string;
  readonly withoutPass?: true;
}

/** Options that `run` and `demo` share. */
export interface RunOptions extends PassOptions, TelemetryOptions {
  readonly out: string;
  readonly force?: true;
  readonly yes?: true;
  readonly json?: true;
  readonly quiet?: true;
  readonly live?: true;
  readonly livePort?: number;
  readonly reportLayout?: ReportLayout;
}

type TypedRun = RunOptions & ExternalOptions & ResolveOptions;

/** `rollproof run SCENARIO`: the whole thing; the exit code is the verdict. */
export function addRun(program: Command, io: Io, finish: Finish): void {
  withTelemetryOptions(withResolve(withWatchEvery(withPassOptions(withRunOptions(program.command('run'))))))
    .description('roll the new version while traffic flows; the exit code is the verdict')
    .argument('<scenario>', 'scenario file (YAML)')
    .argument('[command...]', 'behind --: a deploy command of your own, which detaches, deploys and attaches itself')
    .option(
      '--deploy-timeout <duration>',
      'how long that command may take (30 min, or rollout.deploy.timeout)',
      duration,
    )
    .option('--attach-left', 'attach again what that command left detached; rollproof only names it without')
    .option('--yes', 'do not ask before touching a load balancer that is not the lab')
    .option('--force', 'go on although preflight or the power check says no')
    .addHelpText('after', OWN_COMMAND)
    .action(async (file: string, words: string[], options: TypedRun, parsed: Command) => {
      const external = commandBehindDashes(words, rawArguments(parsed), options);
      const scenario = await scenarioFrom(file, io, resolveOverrides(options.resolve));
      await confirmed(scenario, external === null ? null : `run ${words.join(' ')}`, options, io);
      const { conductRun } = await import('./conduct.js');
      const behind = external === null ? [] : ['--', ...words];
      const command = ['rollproof', 'run', file, ...resolveArguments(options), ...behind];
      finish(await conductRun({ scenario, scenarioFile: file, command, options, external }, io));
    });
}

const OWN_COMMAND = `
rollproof run SCENARIO -- ./deploy.sh args… leaves detach, deploy and attach to any deploy tool. It finds in its
environment ROLLPROOF_VERSION, ROLLPROOF_PREVIOUS_VERSION, ROLLPROOF_TARGETS, ROLLPROOF_RUN_ID, ROLLPROOF_MARK_FILE and
ROLLPROOF_MARK_URL (see rollproof mark). docs/any-deploy.md has examples.`;

/** Everything typed, for where \`--\` stood: the parser does not tell. */
function rawArguments(command: Command): readonly string[] {
  let top: Command = command;
  while (top.parent !== null) top = top.parent;
  return (top as Command & { rawArgs: readonly string[] }).rawArgs;
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
