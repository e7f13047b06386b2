import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type Ended, rollproof } from './rollproof.js';

/** An exec task as gocd-yaml-config-plugin reads it. */
export interface ExecTask {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly run_if?: 'passed' | 'failed' | 'any';
  readonly on_cancel?: { readonly exec: ExecTask };
}

export interface GocdJob {
  readonly stage: string;
  readonly job: string;
  readonly tasks: readonly ExecTask[];
}

interface GocdFile {
  readonly format_version: number;
  readonly environments: Readonly<Record<string, { readonly environment_variables: Readonly<Record<string, string>> }>>;
  readonly pipelines: Readonly<
    Record<
      string,
      {
        readonly environment_variables: Readonly<Record<string, string>>;
        readonly stages: readonly Readonly<Record<string, { readonly jobs: Readonly<Record<string, RawJob>> }>>[];
      }
    >
  >;
}
interface RawJob {
  readonly tasks: readonly (RawTask | readonly RawTask[])[];
}
interface RawTask {
  readonly exec?: ExecTask;
}

/** The jobs of one exported pipeline, in order: lists within task lists are flattened, as the plugin does with aliases. */
export function gocdJobs(text: string, pipeline: string): { jobs: GocdJob[]; variables: Record<string, string> } {
  const file = parse(text) as GocdFile;
  const found = file.pipelines[pipeline];
  if (found === undefined) throw new Error(`no pipeline ${pipeline}: ${Object.keys(file.pipelines)}`);
  const shared = Object.values(file.environments).map((e) => e.environment_variables);
  const jobs = found.stages.flatMap((entry) =>
    Object.entries(entry).flatMap(([stage, { jobs: raw }]) =>
      Object.entries(raw).map(([job, { tasks }]) => ({
        stage,
        job,
        tasks: tasks.flat().flatMap(({ exec }) => exec ?? []),
      })),
    ),
  );
  return { jobs, variables: Object.assign({}, ...shared, found.environment_variables) };
}

/** What one task of a job came to. */
export interface TaskEnd extends Ended {
  readonly task: string;
}

/** A GoCD agent as far as exec tasks go: one process after the other in one workspace, run_if as GoCD has it. */
export function gocdAgent(workspace: string, variables: Readonly<Record<string, string>>) {
  mkdirSync(workspace, { recursive: true });
  const start = ({ command, arguments: argv }: ExecTask, env: Readonly<Record<string, string>> = {}) => {
    if (command !== 'rollproof') throw new Error(`cannot run ${command}`);
    return rollproof(argv, { env: { ...variables, ...env }, cwd: workspace });
  };
  const run = async (task: ExecTask, env?: Readonly<Record<string, string>>): Promise<TaskEnd> => {
    const end = await start(task, env).ended;
    return { ...end, task: task.arguments.join(' ') };
  };
  return {
    start,
    run,
    /** The tasks of a job that are due; `failed` = something before them has failed. */
    async runAll(tasks: readonly ExecTask[], failed = false): Promise<TaskEnd[]> {
      const ends: TaskEnd[] = [];
      let isFailed = failed;
      for (const task of tasks) {
        const due = task.run_if ?? 'passed';
        if (due !== 'any' && (due === 'failed') !== isFailed) continue;
        const end = await run(task);
        ends.push(end);
        isFailed ||= end.code !== 0;
      }
      return ends;
    },
    /** What the artifact rule of every job has to find. */
    hasReport: () => existsSync(join(workspace, 'rollproof-out', 'report.html')),
  };
}
