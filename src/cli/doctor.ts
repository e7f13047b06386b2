import type { Command } from 'commander';
import { EXIT, RollproofError } from '../domain/errors.js';
import type { TrafficEngineName } from '../domain/scenario.js';
import type { EngineSelfTest } from '../domain/self-test.js';
import type { DoctorReport } from './doctor-text.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';
import { toolVersion } from './version.js';

const ENGINES: readonly TrafficEngineName[] = ['embedded', 'k6', 'jmeter'];

interface DoctorOptions {
  readonly engine?: readonly TrafficEngineName[];
  readonly selfTest: boolean;
  readonly json?: true;
}

/** `rollproof doctor`: what is installed, what the machine gives, and what each traffic engine can really see. */
export function addDoctor(program: Command, io: Io, finish: Finish): void {
  program
    .command('doctor')
    .description('say what is installed, and test on this machine what each traffic engine can see')
    .option(
      '--engine <name...>',
      `test these only: ${ENGINES.join(', ')}; one that is missing is an error`,
      engineNames,
    )
    .option('--no-self-test', 'only look at the machine')
    .option('--json', 'print everything as JSON')
    .action(async (options: DoctorOptions) => {
      const { doctorText } = await import('./doctor-text.js');
      const report = await examine(options, io);
      io.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : doctorText(report));
      finish(report.problems.length === 0 ? EXIT.pass : EXIT.unavailable);
    });
}

function engineNames(value: string, before: readonly TrafficEngineName[] = []): readonly TrafficEngineName[] {
  const names = value.split(',').filter((word) => word !== '');
  const unknown = names.find((name) => !ENGINES.includes(name as TrafficEngineName));
  if (unknown !== undefined || names.length === 0)
    throw new RollproofError('ARGUMENT_INVALID', `there is no traffic engine named ${unknown ?? value}`, {
      hint: `known engines: ${ENGINES.join(', ')}`,
    });
  return [...new Set([...before, ...(names as TrafficEngineName[])])];
}

async function examine({ engine, selfTest }: DoctorOptions, io: Io): Promise<DoctorReport> {
  const [{ machineFindings }, { installedEngines, optionalTools }, { enginesProblems }] = await Promise.all([
    import('./doctor-machine.js'),
    import('./doctor-tools.js'),
    import('./doctor-text.js'),
  ]);
  const installed = await installedEngines(io);
  const missing = engine?.find((name) => !installed.engines.includes(name));
  if (missing !== undefined) {
    const why = installed.findings.find((finding) => finding.id === missing);
    throw new RollproofError('TOOL_MISSING', why?.message ?? missing, { hint: why?.hint ?? null });
  }
  const machine = await machineFindings(io);
  const tools = [...installed.findings, ...(await optionalTools(io))];
  const engines = selfTest ? await tested(engine ?? installed.engines, io) : [];
  const broken = [...machine, ...tools].filter((finding) => finding.level === 'problem');
  return {
    toolVersion: toolVersion(),
    machine,
    tools,
    engines,
    problems: [...broken.map(({ message }) => message), ...enginesProblems(engines)],
  };
}

/** The embedded engine alone, for its test is the quickest to spoil; then the programs, whose start takes most of the time. */
async function tested(names: readonly TrafficEngineName[], io: Io): Promise<readonly EngineSelfTest[]> {
  const [{ testEngine }, { writeSelfTest }] = await Promise.all([
    import('./self-test.js'),
    import('./self-test-store.js'),
  ]);
  const say = (name: string) => io.stderr.write(`testing what ${name} sees …\n`);
  const results: EngineSelfTest[] = [];
  if (names.includes('embedded')) {
    say('embedded');
    results.push(await testEngine('embedded', io));
  }
  const others = names.filter((name) => name !== 'embedded');
  for (const name of others) say(name);
  const subjects = others.flatMap((name) => (name === 'k6' ? (['k6', 'k6-replaying'] as const) : [name]));
  const tests = await Promise.all(subjects.map((subject) => testEngine(subject, io)));
  results.push(...tests);
  for (const test of results) if (test.cases.some((one) => one.promised)) writeSelfTest(test, io.env);
  return results;
}
