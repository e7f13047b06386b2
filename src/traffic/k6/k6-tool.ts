import { RollproofError } from '../../domain/errors.js';
import { findProgram, outputOf, type ProcessHost } from '../foreign/process-host.js';

/** An installed k6. */
export interface K6Tool {
  readonly program: string;
  /** As it prints it, e.g. `v2.2.0`. */
  readonly version: string;
}

const INSTALL =
  'install k6 v2 (https://grafana.com/docs/k6/latest/set-up/install-k6/) and put it on PATH, or name it in ROLLPROOF_K6';

/**
 * Finds k6 by ROLLPROOF_K6 or on PATH and asks its version.
 * @throws RollproofError TOOL_MISSING without k6, and for one whose flags differ: v1 lacks the summary switch and opens
 * its API on a fixed port.
 */
export async function findK6(host: ProcessHost): Promise<K6Tool> {
  const name = host.env.ROLLPROOF_K6 ?? 'k6';
  const program = findProgram(name, host.env);
  if (program === null)
    throw new RollproofError('TOOL_MISSING', `traffic.engine k6: there is no ${name}`, { hint: INSTALL });
  let said: { text: string; code: number | null };
  try {
    said = await outputOf(host.start([program, 'version'], { env: baseEnv(host) }));
  } catch (cause) {
    throw new RollproofError('TOOL_MISSING', `traffic.engine k6: ${program} cannot be started`, {
      hint: INSTALL,
      cause,
    });
  }
  // It calls itself by the name of its file, whatever that is.
  const version = /\bk6\S* (v(\d+)\.[\w.+-]+)/.exec(said.text);
  if (version === null)
    throw new RollproofError('TOOL_MISSING', `traffic.engine k6: ${program} does not answer like k6`, {
      hint: INSTALL,
    });
  if (version[2] !== '2')
    throw new RollproofError('TOOL_MISSING', `traffic.engine k6: ${program} is ${version[1]}, this driver needs v2`, {
      hint: INSTALL,
    });
  return { program, version: version[1]! };
}

/** Never the user's own environment: K6_DURATION and its like replace the scenarios, a proxy would be in the way. */
export function baseEnv(host: ProcessHost): Record<string, string> {
  return {
    PATH: host.env.PATH ?? '',
    HOME: '/nonexistent',
    K6_NO_USAGE_REPORT: 'true',
    K6_AUTO_EXTENSION_RESOLUTION: 'false',
  };
}
