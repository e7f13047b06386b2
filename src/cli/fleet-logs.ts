import { RollproofError } from '../domain/errors.js';
import type { FleetRows } from '../traffic/fleet/fleet-rows.js';
import { findProgram, outputOf, type ProcessHost } from '../traffic/foreign/process-host.js';

export interface KubectlOptions {
  readonly namespace?: string;
  readonly selector: string;
}

interface Pod {
  readonly metadata?: { readonly name?: string };
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly {
      readonly name?: string;
      readonly restartCount?: number;
      readonly state?: { readonly terminated?: { readonly exitCode?: number } };
    }[];
  };
}

const CONTAINER = 'k6';

/**
 * Reads the logs of all pods of the fleet through `kubectl`, started without a shell. What the pods' state says against
 * their rows (still running, ended badly, started again) becomes a problem of the rows.
 * @throws RollproofError TOOL_MISSING without kubectl, when it fails, or finds no pod.
 */
export async function readPodLogs(rows: FleetRows, options: KubectlOptions, host: ProcessHost): Promise<void> {
  const program = findProgram('kubectl', host.env);
  if (program === null)
    throw new RollproofError('TOOL_MISSING', 'there is no kubectl', {
      hint: 'put it on PATH, or save the pods’ logs yourself and give the files',
    });
  const env = Object.fromEntries(
    Object.entries(host.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const namespace = options.namespace === undefined ? [] : ['-n', options.namespace];
  const listing = await outputOf(
    host.start([program, 'get', 'pods', ...namespace, '-l', options.selector, '-o', 'json'], { env }),
  );
  if (listing.code !== 0) throw kubectlFailed('get pods', listing.text);
  const pods = podsIn(listing.out);
  if (pods.length === 0)
    throw new RollproofError('TOOL_MISSING', `kubectl finds no pod with ${options.selector}`, {
      hint: 'give their namespace (-n); pods that were cleaned up took their rows along',
    });
  for (const pod of pods) {
    const name = pod.metadata?.name ?? '';
    for (const problem of podProblems(pod)) rows.problem(`pod ${name}: ${problem}`);
    const child = host.start([program, 'logs', ...namespace, name, '-c', CONTAINER], { env });
    let said = '';
    child.stderr?.on('data', (part: Buffer) => {
      if (said.length < 1000) said += part.toString('utf8');
    });
    const closed = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const [, code] = await Promise.all([child.stdout === null ? null : rows.read(`pod ${name}`, child.stdout), closed]);
    if (code !== 0) rows.problem(`pod ${name}: kubectl logs ended with ${code}: ${said.trim().slice(0, 200)}`);
  }
}

function podsIn(json: string): readonly Pod[] {
  try {
    const list = JSON.parse(json) as { items?: readonly Pod[] };
    if (Array.isArray(list.items)) return list.items;
    throw new Error('there is no list of items');
  } catch (cause) {
    throw kubectlFailed('get pods', (cause as Error).message);
  }
}

function podProblems({ status }: Pod): string[] {
  const container = status?.containerStatuses?.find(({ name }) => name === CONTAINER);
  const ended = container?.state?.terminated;
  if (ended === undefined) return [`it has not ended (${status?.phase ?? 'phase unknown'}): its rows are not whole`];
  return [
    ...(ended.exitCode === 0 ? [] : [`k6 ended with exit code ${ended.exitCode}`]),
    ...((container?.restartCount ?? 0) > 0 ? ['it was started again: the rows of before are gone'] : []),
  ];
}

function kubectlFailed(what: string, why: string): RollproofError {
  return new RollproofError('TOOL_MISSING', `kubectl ${what} failed: ${why.trim().slice(0, 500)}`, {
    hint: 'run it by hand; -n and -l are given to it as they are',
  });
}
