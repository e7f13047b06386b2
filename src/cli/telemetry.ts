import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { RollproofError } from '../domain/errors.js';
import type { RunResult } from '../domain/result.js';
import { plainLine } from '../report/plain-text.js';
import type { Io } from './io.js';

/** Where to send a run's telemetry; without any of these nothing leaves this machine. */
export interface TelemetryOptions {
  readonly grafana?: URL;
  readonly otlp?: URL;
  readonly openmetrics?: string;
}

const TIMEOUT_MS = 5000;

export function withTelemetryOptions(command: Command): Command {
  return command
    .option(
      '--grafana <url>',
      'post phases, steps and outages as region annotations; token in ROLLPROOF_GRAFANA_TOKEN',
      webUrl,
    )
    .option('--otlp <url>', 'post the run as spans over OTLP/HTTP; headers in OTEL_EXPORTER_OTLP_HEADERS', webUrl)
    .option('--openmetrics <file>', 'write the figures as OpenMetrics text, e.g. for a textfile collector');
}

/** An http(s) address without a password in it. @throws RollproofError ARGUMENT_INVALID. */
function webUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new RollproofError('ARGUMENT_INVALID', `'${plainLine(text)}' is no http(s) address`, {
      hint: 'give one such as https://grafana.example.com',
    });
  if (url.username !== '' || url.password !== '')
    throw new RollproofError('ARGUMENT_INVALID', 'the address holds a user name or password', {
      hint: 'secrets come from the environment: ROLLPROOF_GRAFANA_TOKEN, OTEL_EXPORTER_OTLP_HEADERS',
    });
  return url;
}

/** Sends what was asked for. What cannot be delivered is a warning; verdict and exit code stay as they are. */
export async function sendTelemetry(
  result: RunResult,
  options: TelemetryOptions,
  io: Pick<Io, 'env' | 'cwd' | 'stderr'>,
): Promise<void> {
  const { grafana = null, otlp = null, openmetrics } = options;
  const problems: string[] = [];
  if (openmetrics !== undefined) {
    const { openMetrics } = await import('../export/openmetrics.js');
    const problem = written(resolve(io.cwd, openmetrics), openMetrics(result));
    if (problem !== null) problems.push(problem);
  }
  if (grafana !== null || otlp !== null) {
    const { deliverTelemetry } = await import('../export/delivery.js');
    const deps = { env: io.env, fetch: globalThis.fetch, timeoutMs: TIMEOUT_MS };
    problems.push(...(await deliverTelemetry(result, { grafana, otlp }, deps)));
  }
  for (const problem of problems) io.stderr.write(`warning: telemetry: ${plainLine(problem, 1000)}\n`);
}

/** Under another name first: a collector must never read half of it. Null, or why it was not written. */
function written(path: string, text: string): string | null {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.part`, text);
    renameSync(`${path}.part`, path);
    return null;
  } catch (cause) {
    return `cannot write ${path}: ${(cause as Error).message}`;
  }
}
