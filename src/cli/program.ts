import { Command, CommanderError } from 'commander';
import { EXIT, RollproofError } from '../domain/errors.js';
import { addCollect } from './collect.js';
import { addCompare } from './compare.js';
import { addCompletion } from './completion.js';
import { addDemo } from './demo.js';
import { addDoctor } from './doctor.js';
import { errorText } from './error-text.js';
import { addExport } from './export.js';
import { addHistory } from './history.js';
import { addImport } from './import.js';
import { addInit } from './init.js';
import type { Io } from './io.js';
import { addLab } from './lab.js';
import { addManual } from './manual.js';
import { addMark } from './mark.js';
import { addPlan } from './plan.js';
import { addPreflight } from './preflight.js';
import { addRecover } from './recover.js';
import { addReport } from './report.js';
import { addRun } from './run.js';
import { addSchema } from './schema.js';
import { addServe } from './serve.js';
import { addChanges, addStage } from './steps/stage.js';
import { addTraffic } from './steps/traffic.js';
import { addVerify } from './steps/verify.js';
import { addUnlock } from './unlock.js';
import { toolVersion } from './version.js';
import { addWatch } from './watch.js';

/** How a command gives its exit code back. */
export type Finish = (code: number) => void;

/** argv → exit code. Catches everything: a crash of ours is 70 and never reads as FAIL. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.pass;
  const program = programFor(io, (c) => {
    code = c;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.pass : EXIT.usage;
    io.stderr.write(errorText(error, io));
    return error instanceof RollproofError ? error.exitCode : EXIT.internal;
  }
}

/** The command tree, apart so that the docs can be checked against its help. */
export function programFor(io: Io, finish: Finish): Command {
  const program = new Command('rollproof')
    .description('Prove that a rolling deploy behind a load balancer drops nothing.')
    .version(toolVersion(), '-V, --version')
    .showHelpAfterError('(rollproof --help lists the commands)')
    .addHelpText('after', EXIT_CODES);
  program.exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
  });
  for (const add of [
    addDemo,
    addRun,
    addWatch,
    addMark,
    addPlan,
    addPreflight,
    addTraffic,
    addStage,
    addChanges,
    addVerify,
    addReport,
    addImport,
    addCollect,
    addExport,
    addServe,
    addCompare,
    addHistory,
    addInit,
    addSchema,
    addRecover,
    addDoctor,
    addUnlock,
    addLab,
    addCompletion,
  ])
    add(program, io, finish);
  addManual(program);
  return program;
}

const EXIT_CODES = `
Exit codes: 0 PASS · 1 FAIL · 2 INCONCLUSIVE · 3 refused or failed step (preflight, lock) · 64 bad arguments or scenario
            69 a needed tool or service is missing · 70 internal error · 130/143 stopped by a signal`;
