import { RollproofError } from '../domain/errors.js';
import type { TrafficEngineName } from '../domain/scenario.js';
import { findProgram, outputOf, type ProcessHost, processHost } from '../traffic/foreign/process-host.js';
import { findJmeter } from '../traffic/jmeter/jmeter-tool.js';
import { findK6 } from '../traffic/k6/k6-tool.js';
import { type DoctorFinding, notOk, ok } from './doctor-findings.js';
import type { Io } from './io.js';

interface OptionalTool {
  readonly program: string;
  readonly versionFlags: readonly string[];
  /** What it adds, and how to get it. */
  readonly adds: string;
}

const TOOLS: readonly OptionalTool[] = [
  {
    program: 'haproxy',
    versionFlags: ['-v'],
    adds: 'the lab can stand behind a real HAProxy; apt-get install haproxy, brew install haproxy',
  },
  {
    program: 'kubectl',
    versionFlags: ['version', '--client'],
    adds: 'reads the rows of k6 pods in a cluster; https://kubernetes.io/docs/tasks/tools/',
  },
  {
    program: 'git',
    versionFlags: ['--version'],
    adds: 'names the revision of the checkout in every report; https://git-scm.com/downloads',
  },
];
const PATIENCE_MS = 10_000;

/** Which traffic engines can be used here, and what is said of those that cannot. */
export interface InstalledEngines {
  readonly engines: readonly TrafficEngineName[];
  readonly findings: readonly DoctorFinding[];
}

/** Looks for k6 and JMeter as a run would. */
export async function installedEngines(io: Io): Promise<InstalledEngines> {
  const host = processHost(io.env);
  const [k6, jmeter] = await Promise.all([
    engineFinding('k6', async () => {
      const { program, version } = await findK6(host);
      return `k6 ${version} (${program})`;
    }),
    engineFinding('jmeter', async () => {
      const { home, version } = await findJmeter(host);
      return `JMeter ${version} (${home})`;
    }),
  ]);
  const found = [k6, jmeter].filter((one) => one.level === 'ok').map((one) => one.id as TrafficEngineName);
  return { engines: ['embedded', ...found], findings: [k6, jmeter] };
}

const ENGINE_ADDS = {
  k6: 'traffic.engine: k6 and your own k6 scripts',
  jmeter: 'traffic.engine: jmeter and your own JMX plans',
};

async function engineFinding(id: 'k6' | 'jmeter', find: () => Promise<string>): Promise<DoctorFinding> {
  try {
    return ok(id, await find());
  } catch (error) {
    if (!(error instanceof RollproofError) || error.code !== 'TOOL_MISSING') throw error;
    const message = error.message.replace(/^traffic\.engine \w+: /, '');
    return notOk('absent', id, `${id}: ${message}`, `adds ${ENGINE_ADDS[id]}; ${error.hint ?? ''}`);
  }
}

/** Other programs that rollproof makes use of where they are there. */
export function optionalTools(io: Io): Promise<readonly DoctorFinding[]> {
  const host = processHost(io.env);
  return Promise.all(
    TOOLS.map(async ({ program, versionFlags, adds }) => {
      const path = findProgram(program, io.env);
      if (path === null) return notOk('absent', program, `${program}: not on PATH`, adds);
      const said = await versionLine([path, ...versionFlags], host);
      return said === null
        ? notOk('warning', program, `${program}: ${path} does not tell its version`, adds)
        : ok(program, `${program}: ${said}`);
    }),
  );
}

/** First line it prints, fit for a terminal; null when it fails or hangs. */
async function versionLine(argv: readonly [string, ...string[]], host: ProcessHost): Promise<string | null> {
  try {
    const child = host.start(argv, { env: { PATH: host.env.PATH ?? '', HOME: '/nonexistent' } });
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    const { text, code } = await outputOf(child).finally(() => clearTimeout(timer));
    const line =
      text
        .split('\n')[0]
        ?.replace(/[^\x20-\x7e]+/g, ' ')
        .trim() ?? '';
    return code === 0 && line !== '' ? line.slice(0, 80) : null;
  } catch (cannotStart) {
    void cannotStart;
    return null;
  }
}
