import { readFileSync } from 'node:fs';
import { loadScenario } from '../config/load.js';
import type { ScenarioOverride } from '../config/overrides.js';
import { type ScenarioProblem, ScenarioProblems } from '../config/problem.js';
import type { Override, Variant } from '../domain/comparison.js';
import { RollproofError } from '../domain/errors.js';
import type { Scenario } from '../domain/scenario.js';
import { formatDuration } from '../domain/time.js';
import type { Io } from './io.js';
import { type ResolveOptions, resolveOverrides } from './resolve-option.js';

/** What the command line sweeps; each list as it was typed. */
export interface SweepOptions {
  readonly sleep?: string;
  readonly sleepAfterDetach?: string;
  readonly sleepAfterAttach?: string;
  readonly wait?: string;
  readonly vary?: readonly string[];
}

/** A variant with the scenario it makes. */
export interface PreparedVariant {
  readonly variant: Variant;
  readonly scenario: Scenario;
}

interface Swept extends Override {
  readonly source: string;
}

const [DETACH, ATTACH, WAIT] = ['rollout.sleep.afterDetach', 'rollout.sleep.afterAttach', 'rollout.wait'];
/** Values a study sets itself, run by run. */
const OWN = new Set([
  'name',
  'environment',
  'extends',
  'traffic.seed',
  'balancer.seed',
  'rollout.version',
  'rollout.previousVersion',
]);
const VARIANTS_MAX = 60;

/**
 * Every combination of what is swept, each loaded through config: an unknown key or a wrong value is told like one in a
 * file, all of them at once.
 * @throws RollproofError ARGUMENT_INVALID, ScenarioProblems.
 */
export function sweptVariants(
  file: string,
  options: SweepOptions & ResolveOptions,
  io: Pick<Io, 'env'>,
): PreparedVariant[] {
  const dimensions = dimensionsOf(options);
  if (dimensions.length === 0) {
    throw wrong('nothing is compared', 'add e.g. --sleep 0s,5s,15s, --wait sleep,health or --vary KEY=VALUE,VALUE');
  }
  const combinations = dimensions.reduce<Swept[][]>(
    (all, values) => all.flatMap((before) => values.map((own) => [...before, ...own])),
    [[]],
  );
  if (combinations.length > VARIANTS_MAX)
    throw wrong(
      `these are ${combinations.length} combinations; a study has at most ${VARIANTS_MAX}`,
      'sweep fewer values',
    );
  const prepared = loadAll(file, combinations, resolveOverrides(options.resolve), io);
  const distinct = new Map(prepared.map((p) => [p.variant.label, p]));
  if (distinct.size < 2)
    throw wrong('there is only one variant, so there is nothing to compare', 'give at least two different values');
  if (
    prepared[0]?.scenario.rollout.strategy === 'stages' &&
    dimensions.flat(2).some((o) => o.path.startsWith('rollout.sleep'))
  )
    throw wrong('the scenario writes its own stages, so rollout.sleep is not used', 'sweep a rolling scenario');
  return [...distinct.values()];
}

function dimensionsOf(options: SweepOptions): Swept[][][] {
  const { sleep, sleepAfterDetach, sleepAfterAttach, wait } = options;
  if (sleep !== undefined && (sleepAfterDetach !== undefined || sleepAfterAttach !== undefined))
    throw wrong('--sleep sets both sleeps', 'give either --sleep, or --sleep-after-detach and --sleep-after-attach');
  const along = (option: string, list: string | undefined, paths: readonly string[]): Swept[][][] =>
    list === undefined
      ? []
      : [listOf(option, list).map((text) => paths.map((path) => ({ path, text, source: option })))];
  return [
    ...along('--sleep', sleep, [DETACH!, ATTACH!]),
    ...along('--sleep-after-detach', sleepAfterDetach, [DETACH!]),
    ...along('--sleep-after-attach', sleepAfterAttach, [ATTACH!]),
    ...along('--wait', wait, [WAIT!]),
    ...(options.vary ?? []).map(varied),
  ];
}

function varied(text: string): Swept[][] {
  const at = text.indexOf('=');
  const path = text.slice(0, Math.max(0, at)).trim();
  if (path === '') throw wrong(`--vary ${text}: there is no KEY=`, 'write --vary rollout.sleep.afterDetach=1s,2s');
  if (OWN.has(path)) throw wrong(`--vary ${path}: a study sets this itself, run by run`, 'sweep something else');
  return listOf('--vary', text.slice(at + 1)).map((value) => [{ path, text: value, source: '--vary' }]);
}

/** Splits at commas that are not within brackets or quotes. */
function listOf(option: string, list: string): string[] {
  const values = [...list.matchAll(/(?:\[[^\]]*\]|\{[^}]*\}|"[^"]*"|'[^']*'|[^,])+|(?<=,)(?=,|$)|^(?=,|$)/g)].map((m) =>
    m[0].trim(),
  );
  if (values.length === 0 || values.includes(''))
    throw wrong(
      `${option}: the list ${JSON.stringify(list)} has an empty value`,
      'write values with commas: 0s,5s,15s',
    );
  return [...new Set(values)];
}

function loadAll(
  file: string,
  combinations: readonly Swept[][],
  everywhere: readonly ScenarioOverride[],
  io: Pick<Io, 'env'>,
): PreparedVariant[] {
  const files = { readFile: (path: string) => readFileSync(path, 'utf8'), env: io.env };
  // The file itself first: its problems are not those of the sweep.
  loadScenario(file, files, everywhere);
  const problems = new Map<string, ScenarioProblem>();
  const prepared: PreparedVariant[] = [];
  for (const overrides of combinations) {
    try {
      const { scenario } = loadScenario(file, files, [...everywhere, ...overrides]);
      prepared.push({ scenario, variant: variantOf(scenario, overrides) });
    } catch (error) {
      if (!(error instanceof ScenarioProblems)) throw error;
      for (const p of error.problems) problems.set(`${p.file} ${p.line} ${p.column} ${p.sourceLine} ${p.message}`, p);
    }
  }
  const [first, ...rest] = problems.values();
  if (first !== undefined) throw new ScenarioProblems('SCENARIO_INVALID', [first, ...rest]);
  return prepared;
}

function variantOf({ rollout }: Scenario, overrides: readonly Swept[]): Variant {
  const { wait, sleep } = rollout;
  const others = overrides.filter((o) => ![DETACH, ATTACH, WAIT].includes(o.path)).map((o) => `${o.path}=${o.text}`);
  const group = [...(wait === 'sleep' ? [] : [`wait ${wait}`]), ...others].join(', ');
  const { afterDetachMs, afterAttachMs } = sleep;
  const slept =
    afterDetachMs === afterAttachMs
      ? `sleep ${formatDuration(afterDetachMs)}`
      : `sleep ${formatDuration(afterDetachMs)} after detach, ${formatDuration(afterAttachMs)} after attach`;
  // Waiting for health alone does not sleep at all, and sleeps that are the same everywhere tell nothing apart.
  const isSwept = overrides.some(({ path }) => path === DETACH || path === ATTACH);
  const isSaid = wait !== 'health' && (isSwept || others.length === 0);
  const label = isSaid ? [slept, group].filter((part) => part !== '').join(', ') : group;
  return {
    label,
    group,
    afterDetachMs,
    afterAttachMs,
    wait,
    overrides: overrides.map(({ path, text }) => ({ path, text })),
  };
}

const wrong = (message: string, hint: string): RollproofError =>
  new RollproofError('ARGUMENT_INVALID', message, { hint });
