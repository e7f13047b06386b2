import type { RunResult } from '../../domain/result.js';
import { renderMarkdown } from '../markdown.js';
import { plainLine } from '../plain-text.js';
import { type CiEnv, type CiName, detectCi, setIn } from './detect.js';
import { githubAnnotations, githubOutputs } from './github.js';

/** GitHub drops a step's whole summary above this many bytes. */
export const SUMMARY_MAX_BYTES = 1024 * 1024;

/** Text to append to a file the CI server named; above `maxBytes` in all it is left alone. */
export interface CiAppend {
  readonly path: string;
  readonly text: string;
  readonly maxBytes: number | null;
}

/** What this CI server shows best: log lines in order, and files to append to. */
export interface CiOutput {
  readonly lines: readonly string[];
  readonly appends: readonly CiAppend[];
}

/** Paths of the reports relative to the job's workspace, with `/`; null where they lie outside of it. */
export interface CiPaths {
  readonly report: string | null;
  readonly junit: string | null;
  /** The scenario file, when it lies in the workspace. */
  readonly scenario: string | null;
}

/** The folder that a CI server's artefact paths are relative to; null = the working directory. */
export function ciWorkspace(env: CiEnv): string | null {
  const ci = detectCi(env);
  const names = { github: 'GITHUB_WORKSPACE', gitlab: 'CI_PROJECT_DIR', jenkins: 'WORKSPACE', gocd: '' } as const;
  return ci === null ? null : setIn(env, names[ci]);
}

/** Null outside of CI. Pure: the caller writes, and a file that cannot be written is only worth a warning. */
export function ciOutput(result: RunResult, env: CiEnv, paths: CiPaths): CiOutput | null {
  const ci = detectCi(env);
  if (ci === null) return null;
  if (ci === 'github') return github(result, env, paths);
  return { lines: hints(ci, env, paths), appends: [] };
}

function github(result: RunResult, env: CiEnv, paths: CiPaths): CiOutput {
  const appends: CiAppend[] = [];
  const summary = setIn(env, 'GITHUB_STEP_SUMMARY');
  if (summary !== null)
    appends.push({ path: summary, text: `${renderMarkdown(result)}\n`, maxBytes: SUMMARY_MAX_BYTES });
  const output = setIn(env, 'GITHUB_OUTPUT');
  const named = Object.entries({ report: paths.report, junit: paths.junit }).flatMap(([name, path]) =>
    path === null ? [] : [[name, path] as const],
  );
  if (output !== null)
    appends.push({ path: output, text: githubOutputs(result, Object.fromEntries(named)), maxBytes: null });
  return { lines: githubAnnotations(result, paths.scenario), appends };
}

/** Where the page will be once the job has kept it, and what the job has to say for that. */
function hints(ci: Exclude<CiName, 'github'>, env: CiEnv, { report, junit }: CiPaths): string[] {
  if (report === null || junit === null)
    return [`${ci}: the reports lie outside the workspace; give -o a folder inside it to keep them as artefacts`];
  const page = plainLine(report, 1000);
  const xml = plainLine(junit, 1000);
  const web = (base: string | null, path: string): string[] =>
    base === null
      ? []
      : [`${ci}: report ${plainLine(base, 500)}${path}${report.split('/').map(encodeURIComponent).join('/')}`];
  if (ci === 'gitlab')
    return [
      `gitlab: keep it with  artifacts: { when: always, paths: [${page}], reports: { junit: ${xml} } }`,
      ...web(setIn(env, 'CI_JOB_URL'), '/artifacts/file/'),
    ];
  if (ci === 'jenkins')
    return [
      `jenkins: keep it with  post { always { archiveArtifacts '${page}'; junit '${xml}' } }`,
      ...web(setIn(env, 'BUILD_URL'), 'artifact/'),
    ];
  return [`gocd: keep it with artefacts ${page} (build) and ${xml} (test), and a custom tab on report.html`];
}
