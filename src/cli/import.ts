import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { RollproofError } from '../domain/errors.js';
import type { RunEvent } from '../domain/event.js';
import { readEvents } from '../journal/event-reader.js';
import { openEventWriter } from '../journal/event-writer.js';
import { createRunDirectory, runPaths, sampleFile } from '../journal/run-directory.js';
import { openSampleWriter } from '../journal/sample-writer.js';
import { type ImportedTraffic, readTraffic } from '../traffic/import/read-traffic.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';

interface ImportOptions {
  readonly events: string;
  readonly out: string;
  readonly json?: true;
}

/** What another run's own traffic wrote about itself: it says nothing about the imported one. */
export const OTHER_TRAFFIC: ReadonlySet<string> = new Set([
  'traffic-started',
  'traffic-stopped',
  'generator-health',
  'stall',
  'control-probe',
  'clock-compared',
]);
const SOURCE = 'imported';

/** `rollproof import RESULTS --events EVENTS`: judges traffic somebody else fired while the deploy ran. */
export function addImport(program: Command, io: Io, finish: Finish): void {
  program
    .command('import')
    .description('judge traffic that k6 or JMeter fired: their results file against the events of the deploy')
    .argument('<results>', 'k6 CSV (--out csv=FILE,timeFormat=unix_nano) or JMeter JTL in CSV; .gz too')
    .requiredOption('--events <file>', 'events.ndjson of the deploy')
    .option('-o, --out <dir>', 'where the new run directory goes', 'reports')
    .option('--json', 'print result.json instead of the summary')
    .action(async (file: string, options: ImportOptions) => {
      const dir = await importTraffic(resolve(io.cwd, file), options, io);
      const [{ deriveReports }, { printResult }] = await Promise.all([import('./derive.js'), import('./summary.js')]);
      const derived = await deriveReports(dir);
      printResult(derived, dir, { json: options.json === true }, io);
      finish(derived.result.verdict.exitCode);
    });
}

/** Makes a run directory of the deploy's events and the imported samples; returns its path. */
async function importTraffic(file: string, options: ImportOptions, io: Io): Promise<string> {
  const eventsFile = resolve(io.cwd, options.events);
  for (const path of [file, eventsFile])
    if (!existsSync(path))
      throw new RollproofError('ARGUMENT_INVALID', `${path} does not exist`, { hint: 'check the path' });
  const facts = readEvents(eventsFile);
  const traffic = await readTraffic(file);
  const dir = createRunDirectory(resolve(io.cwd, options.out), `${facts.header.scenario.name}-import`, io.wallTime());
  const offsetMs = Date.parse(facts.header.startedAtWall);
  const written = writeSamples(dir, traffic, offsetMs);
  const own =
    written === null ? [] : trafficEvents(traffic, file, written, facts.header.scenario.traffic.warmUpMs ?? 0);
  const writer = openEventWriter(runPaths(dir).events);
  try {
    writer.append(facts.header);
    const kept = facts.events.filter((event) => !OTHER_TRAFFIC.has(event.kind));
    for (const event of [...own, ...kept]) writer.append(event);
  } finally {
    writer.close();
  }
  return dir;
}

interface Written {
  readonly rows: number;
  readonly from: number;
  readonly to: number;
}

/** Null when the file holds nothing: a run without traffic, which is never PASS. */
function writeSamples(dir: string, traffic: ImportedTraffic, offsetMs: number): Written | null {
  const writer = openSampleWriter(sampleFile(dir, SOURCE), SOURCE);
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const batch of traffic.columns.batches(offsetMs)) {
    if (!writer.append(batch)) break;
    for (let row = 0; row < batch.length; row++) {
      from = Math.min(from, batch.scheduledAt[row]!);
      to = Math.max(to, batch.scheduledAt[row]!, batch.endedAt[row]! || Number.NEGATIVE_INFINITY);
    }
  }
  writer.close();
  if (writer.failed !== null)
    throw new RollproofError('DISK_WRITE_FAILED', `cannot write the samples: ${writer.failed.message}`);
  return writer.rows === 0 ? null : { rows: writer.rows, from, to };
}

/** What is missing is written down as the engine's error, so that no check can overlook it. */
function trafficEvents(
  traffic: ImportedTraffic,
  file: string,
  written: Written,
  warmUpMs: number,
): readonly RunEvent[] {
  const { missing, format } = traffic;
  const error = missing.length === 0 ? null : `the imported file is not whole evidence: ${missing.join('; ')}`;
  const note = `traffic of another program, imported from ${file} (${format}); its clock is taken to be that of the events`;
  return [
    { kind: 'warning', at: written.from, message: note },
    { kind: 'traffic-started', at: written.from, source: SOURCE, warmUpEndsAt: written.from + warmUpMs },
    { kind: 'traffic-stopped', at: written.to, source: SOURCE, scheduled: written.rows, error },
  ];
}
