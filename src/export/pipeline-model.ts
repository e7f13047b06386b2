/** What a CI server has to do, in nobody's syntax: environments in order, each behind the one before it. */
export interface PipelineModel {
  /** Of the service; group and prefix of what is generated. */
  readonly name: string;
  readonly toolVersion: string;
  readonly git: { readonly url: string; readonly branch: string };
  readonly environments: readonly [EnvironmentModel, ...EnvironmentModel[]];
}

export interface EnvironmentModel {
  /** The scenario's `environment`. */
  readonly name: string;
  /** Scenario file as the CI server finds it in its checkout. */
  readonly plan: string;
  /** Stages of the pipeline, in order. */
  readonly stages: readonly string[];
  /** Null = the balancer has none. */
  readonly region: string | null;
  /** Whole minutes after which traffic that nobody stopped ends, and a job that hangs. */
  readonly maxMinutes: number;
  /** Environment whose PASS the scenario requires; null = none. */
  readonly requires: string | null;
}

/** Minutes without output after which a CI server may take a job for hung: rollproof says something every 30 s. */
export const SILENT_MINUTES = 10;

/** Names made of other names: letters, digits, `_`, `-`, `.` only, each once. */
export function safeNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const safe = name.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[.-]+/, '') || 'x';
    let unique = safe;
    for (let copy = 2; taken.has(unique.toLowerCase()); copy++) unique = `${safe}-${copy}`;
    taken.add(unique.toLowerCase());
    return unique;
  });
}
