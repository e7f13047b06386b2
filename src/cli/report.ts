import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { RollproofError } from '../domain/errors.js';
import type { ReportLayout } from '../domain/event.js';
import { LATEST, latestRun, runPaths } from '../journal/run-directory.js';
import { detectCi } from '../report/ci/detect.js';
import { plainLine } from '../report/plain-text.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';
import { layoutOption } from './run.js';
import { isStudy } from './study-file.js';
import { sendTelemetry, type TelemetryOptions, withTelemetryOptions } from './telemetry.js';

interface ReportOptions extends TelemetryOptions {
  readonly json?: true;
  readonly open?: true;
  readonly copyTo?: string;
  readonly accessLog?: readonly string[];
  readonly reportLayout?: ReportLayout;
}

/** `rollproof report [DIR]`: makes every report again from the facts and ends with the verdict's exit code. */
export function addReport(program: Command, io: Io, finish: Finish): void {
  withTelemetryOptions(program.command('report'))
    .description('make the reports of a run again from its facts; exits with its verdict')
    .argument('[dir]', 'run directory, or a study of rollproof compare', join('reports', LATEST))
    .option('--json', 'print result.json instead of the summary')
    .option(
      '--access-log <files...>',
      'access logs of the Classic or Application Load Balancer, plain or .gz: kept with the run, shown beside its samples',
    )
    .option('--open', 'open report.html in the browser')
    .addOption(layoutOption())
    .option(
      '--copy-to <dir>',
      'also put the reports there, for a CI server to keep; an older report there is removed first',
    )
    .action(async (dir: string, options: ReportOptions) => {
      const copies = options.copyTo === undefined ? null : resolve(io.cwd, options.copyTo);
      const { clearedOut, reportTo } = await import('./steps/step-report.js');
      if (copies !== null) clearedOut(copies, 'report');
      const given = resolve(io.cwd, dir);
      if (isStudy(given)) {
        if (options.accessLog !== undefined)
          throw new RollproofError('ARGUMENT_INVALID', 'an access log belongs to one run, not to a study', {
            hint: 'give the run directory itself',
          });
        const { studyAgain } = await import('./compare-existing.js');
        finish(await studyAgain(given, options, io));
        return;
      }
      const path = runDirectory(given);
      if (options.accessLog !== undefined) {
        const { importAccessLogs } = await import('./access-log-import.js');
        await importAccessLogs(path, options.accessLog, io);
      }
      const [{ deriveReports }, { printResult }] = await Promise.all([import('./derive.js'), import('./summary.js')]);
      const { reportLayout } = options;
      const derived = await (copies === null
        ? deriveReports(path, reportLayout)
        : reportTo(copies, path, reportLayout));
      printResult(derived, path, { json: options.json === true }, io);
      await sendTelemetry(derived.result, options, io);
      if (options.open === true) await openReport(join(runPaths(path).derived, 'report.html'), io);
      finish(derived.result.verdict.exitCode);
    });
}

/** Opens a browser where a person sits; elsewhere it would only hang or fail, so the address is printed. */
async function openReport(file: string, io: Io): Promise<void> {
  const address = pathToFileURL(file).href;
  const isPerson = io.stdinIsTty && (io.env.CI ?? '') === '' && detectCi(io.env) === null;
  if (isPerson && (await io.openInBrowser(address))) return;
  io.stderr.write(`open it yourself: ${plainLine(address, 4000)}\n`);
}

/** A run directory itself, or the pointer to the newest one. */
export function runDirectory(path: string): string {
  if (existsSync(runPaths(path).events)) return path;
  const pointed = path.endsWith(LATEST) ? latestRun(resolve(path, '..')) : null;
  if (pointed !== null && existsSync(runPaths(pointed).events)) return pointed;
  throw new RollproofError('RUN_DIRECTORY_INVALID', `${path} is not a run directory: it has no events.ndjson`, {
    hint: 'give a directory such as reports/lab/20261122T081503Z',
  });
}
