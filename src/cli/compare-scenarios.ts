import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { repeatsWithin } from '../compare/budget.js';
import { placeOf } from '../compare/place.js';
import { nextRun } from '../compare/study-plan.js';
import { EXIT, RollproofError } from '../domain/errors.js';
import type { Scenario } from '../domain/scenario.js';
import { formatDuration } from '../domain/time.js';
import { safeName } from '../journal/run-directory.js';
import { plainLine } from '../report/plain-text.js';
import { deriveStudy } from './compare-derive.js';
import { conductFor, washoutFor } from './compare-live.js';
import { type CompareOptions, type StudyNumbers, studyNumbers } from './compare-options.js';
import { planText, printComparison } from './compare-print.js';
import {
  deploysOf,
  fingerprintOf,
  ownGroup,
  runTimeMs,
  sleepsOf,
  studied,
  type Versions,
  variantPower,
} from './compare-scenario.js';
import { runStudy } from './compare-study.js';
import { sweptVariants } from './compare-variants.js';
import { WASHOUT_MS } from './compare-washout.js';
import type { Io } from './io.js';
import { resolveOverrides } from './resolve-option.js';
import { confirmed, scenarioFrom } from './run.js';
import { studyRuns } from './study-facts.js';
import { createStudy, isStudy, readStudy, STUDY_SCHEMA, type StudyHeader } from './study-file.js';
import { toolVersion } from './version.js';

const DEFAULT_REPEATS = 3;
/** What a deploy of one target takes when nobody says: the lab's own restart, or a minute of somebody's script. */
const LAB_DEPLOY_MS = 500;
const REAL_DEPLOY_MS = 60_000;

/** A study as it is about to run. */
interface Prepared {
  readonly header: StudyHeader;
  readonly scenarios: readonly Scenario[];
  readonly versions: readonly [Versions, Versions];
  readonly deployGuessMs: number;
  readonly runsMs: readonly number[];
  readonly budgetMs: number | null;
}

/** `compare SCENARIO …`: begins a study, or goes on with the unfinished one of the same command. */
export async function studyOfScenario(file: string, options: CompareOptions, io: Io): Promise<number> {
  const prepared = await preparedStudy(file, options, io);
  const out = resolve(io.cwd, options.out);
  const open = options.new === true ? null : unfinished(out, prepared.header);
  return conducted(file, prepared, open, options, io);
}

/** `compare [SCENARIO] --resume DIR`: goes on with that study; what it sweeps is in its own first line. */
export async function studyResumed(
  file: string | null,
  resume: string,
  options: CompareOptions,
  io: Io,
): Promise<number> {
  const dir = resolve(io.cwd, resume);
  const { header } = readStudy(dir);
  const scenarioFile = file ?? header.scenarioFile;
  const prepared = await preparedStudy(scenarioFile, { ...options, ...header.options, ...given(options) }, io);
  if (prepared.header.fingerprint !== header.fingerprint)
    throw new RollproofError(
      'ARGUMENT_INVALID',
      `${dir} is a study of another scenario, or of other values: ${header.name}`,
      {
        hint: 'give the scenario it began with, unchanged, and the same options; or begin a new study without --resume',
      },
    );
  return conducted(scenarioFile, { ...prepared, header }, dir, options, io);
}

function given(options: CompareOptions): Partial<CompareOptions> {
  const { atMost, ...rest } = options;
  void atMost;
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
}

async function preparedStudy(file: string, options: CompareOptions, io: Io): Promise<Prepared> {
  const numbers = studyNumbers(options);
  const base = await scenarioFrom(file, io, resolveOverrides(options.resolve));
  const variants = sweptVariants(file, options, io);
  const isLab = base.balancer.kind === 'lab';
  const deployGuessMs = numbers.deployGuessMs ?? (isLab ? LAB_DEPLOY_MS : REAL_DEPLOY_MS);
  const scenarios = variants.map((v) => studied(v.scenario, deployGuessMs));
  const runsMs = scenarios.map((s) => runTimeMs(s, deployGuessMs, isLab ? 0 : WASHOUT_MS));
  if (scenarios.some((s) => deploysOf(s) === 0))
    throw new RollproofError('ARGUMENT_INVALID', 'the scenario deploys nothing, so there is nothing to compare', {
      hint: 'set rollout.deploy',
    });
  if (!isLab && scenarios.some(({ rollout }) => rollout.strategy === 'blue-green'))
    throw new RollproofError(
      'ARGUMENT_INVALID',
      'a blue-green deploy leaves its groups the other way round, so the same scenario cannot be repeated here',
      { hint: 'repeat it in the lab (balancer.kind: lab); there every run starts anew' },
    );
  return {
    header: {
      kind: 'study',
      schema: STUDY_SCHEMA,
      toolVersion: toolVersion(),
      startedAt: io.wallTime().toISOString(),
      name: base.name,
      scenarioFile: file,
      fingerprint: fingerprintOf(variants),
      command: commandOf(file, designOf(options)),
      options: designOf(options),
      place: placeOf(base),
      targets: base.targets.length,
      sleeps: sleepsOf(base),
      variants: variants.map((v) => v.variant),
      repeats: repeatsOf(numbers, runsMs),
      seed: numbers.seed,
      alpha: base.policy.alpha,
      limit: numbers.limit,
      current: { ...base.rollout.sleep, group: ownGroup(base, variants) },
    },
    scenarios,
    versions: versionsOf(base),
    deployGuessMs,
    runsMs,
    budgetMs: numbers.budgetMs,
  };
}

/** The part of the options that makes the study what it is. */
function designOf(options: CompareOptions): StudyHeader['options'] {
  const { yes, force, json, quiet, resume, new: isNew, out, ...design } = options;
  void [yes, force, json, quiet, resume, isNew, out];
  return design;
}

/** What can be typed again. */
function commandOf(file: string, options: StudyHeader['options']): readonly string[] {
  const words = Object.entries(options).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
    return (Array.isArray(value) ? value : [value]).flatMap((v) => [flag, String(v)]);
  });
  return ['rollproof', 'compare', file, ...words];
}

function repeatsOf(numbers: StudyNumbers, runsMs: readonly number[]): number {
  if (numbers.budgetMs === null) return numbers.repeats ?? DEFAULT_REPEATS;
  const repeats = repeatsWithin(numbers.budgetMs, runsMs);
  if (repeats >= 1) return repeats;
  const blockMs = runsMs.reduce((a, b) => a + b, 0);
  throw new RollproofError(
    'ARGUMENT_INVALID',
    `--budget ${formatDuration(numbers.budgetMs)} is too short: one repeat of every variant takes about ${formatDuration(blockMs)}`,
    { hint: 'give more time, or sweep fewer values' },
  );
}

/** Versions alternate, so that every run really replaces something and none is an upgrade more than another. */
function versionsOf({ rollout, balancer }: Scenario): readonly [Versions, Versions] {
  const previousVersion = rollout.previousVersion ?? (balancer.kind === 'lab' ? 'v1' : null);
  if (previousVersion === null || previousVersion === rollout.version)
    throw new RollproofError(
      'ARGUMENT_INVALID',
      'a study alternates between two versions, and the scenario names one',
      {
        hint: 'set rollout.previousVersion to what is running now',
      },
    );
  const { version } = rollout;
  return [
    { version, previousVersion },
    { version: previousVersion, previousVersion: version },
  ];
}

/** The newest unfinished study of the same design below `out`. */
function unfinished(out: string, header: StudyHeader): string | null {
  const parent = join(out, safeName(`${header.name}-compare`));
  if (!existsSync(parent)) return null;
  const studies = readdirSync(parent)
    .map((name) => join(parent, name))
    .filter(isStudy)
    .sort()
    .reverse();
  return studies.find((dir) => isSameAndOpen(dir, header)) ?? null;
}

function isSameAndOpen(dir: string, wanted: StudyHeader): boolean {
  try {
    const log = readStudy(dir);
    const { header } = log;
    const same = (['fingerprint', 'repeats', 'seed', 'limit', 'alpha'] as const).every((k) => header[k] === wanted[k]);
    if (!same) return false;
    const attempts = studyRuns(dir, log).map((r) => ({
      block: r.block,
      variant: r.variant,
      verdict: r.summary.verdict,
    }));
    return nextRun({ variants: header.variants.length, repeats: header.repeats, seed: header.seed }, attempts) !== null;
  } catch (unreadable) {
    if (unreadable instanceof RollproofError) return false;
    throw unreadable;
  }
}

async function conducted(
  file: string,
  prepared: Prepared,
  open: string | null,
  options: CompareOptions,
  io: Io,
): Promise<number> {
  const { header, scenarios, versions, deployGuessMs } = prepared;
  const hopeless = hopelessText(prepared);
  if (hopeless !== '' && options.force !== true) {
    io.stderr.write(`${hopeless}nothing was touched (--force runs them all the same)\n`);
    return EXIT.inconclusive;
  }
  if (options.quiet !== true) io.stderr.write(planText(header, prepared.runsMs));
  const [first] = scenarios;
  if (first !== undefined)
    await confirmed(
      first,
      `roll it ${header.variants.length * header.repeats} times, some of them with sleeps that may be too short, so that requests fail`,
      options,
      io,
    );
  const dir = open ?? createStudy(resolve(io.cwd, options.out), header, io.wallTime());
  if (options.quiet !== true) {
    const how = open === null ? 'study' : 'going on with the study';
    io.stderr.write(`${how} ${dir} (Ctrl-C stops; the same command goes on)\n`);
  }
  const { code, leftOut } = await runStudy(
    {
      dir,
      scenarios,
      versions,
      deployGuessMs,
      conduct: conductFor(file, header, options, io),
      washout: washoutFor(first, io),
      budgetMs: prepared.budgetMs,
      historyRoot: resolve(io.cwd, options.out),
      quiet: options.quiet === true,
    },
    io,
  );
  const end = printComparison(await deriveStudy(dir), dir, options.json === true, io);
  const goOn = `go on with: rollproof compare --resume ${plainLine(dir)}`;
  if (leftOut > 0)
    io.stderr.write(`the budget is used up with ${leftOut} ${leftOut === 1 ? 'run' : 'runs'} left to do; ${goOn}\n`);
  if (code === EXIT.pass) return end;
  io.stderr.write(`the study is not complete; ${goOn}\n`);
  return code;
}

function hopelessText({ header, scenarios, deployGuessMs }: Prepared): string {
  return scenarios
    .map((scenario, i) => ({
      label: header.variants[i]?.label ?? '',
      problems: variantPower(scenario, deployGuessMs).problems,
    }))
    .filter(({ problems }) => problems.length > 0)
    .map(({ label, problems }) => {
      const lines = problems.map((p) => `  ${p.code}: ${plainLine(p.message)}\n    hint: ${plainLine(p.hint)}\n`);
      return `${plainLine(label)} cannot PASS, whatever happens:\n${lines.join('')}`;
    })
    .join('');
}
