import { appendFileSync } from 'node:fs';
import type { Command } from 'commander';
import { EXIT, RollproofError } from '../domain/errors.js';
import { MARK_KINDS, type Mark, markKind } from '../pipeline/deployers/marks.js';
import { plainLine } from '../report/plain-text.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';

const ASK_MS = 5_000;

/** `rollproof mark KIND [TARGET]`: a deploy script tells when it does what. */
export function addMark(program: Command, io: Io, finish: Finish): void {
  program
    .command('mark')
    .description(
      'inside a deploy script: note that a step is about to be asked for, or done, so that its time is exact',
    )
    .argument('<kind>', MARK_KINDS.join(', '))
    .argument('[target]', 'target, by its id or the load balancer’s name for it; ROLLPROOF_TARGET without')
    .option('--at <time>', 'when it was, e.g. 2026-11-22T08:15:03.250Z by the clock of this host; now without')
    .addHelpText('after', HELP)
    .action(async (word: string, target: string | undefined, options: { at?: string }) => {
      const mark = markOf(word, target, options.at, io);
      finish(await sent(mark, io));
    });
}

const HELP = `
It goes to ROLLPROOF_MARK_URL or, without, ROLLPROOF_MARK_FILE: rollproof sets both for the command it runs, and
\`rollproof watch\` prints them. Without either it says so and ends with 0, so that a script works outside rollproof too.
  rollproof mark detach-requested web-1 && aws elb deregister-instances-from-load-balancer … && rollproof mark detached web-1
A mark narrows the time that polling the load balancer left open. One that the polls contradict is not believed.`;

function markOf(word: string, given: string | undefined, at: string | undefined, io: Io): Mark {
  const what = markKind(word);
  if (what === null)
    throw new RollproofError('ARGUMENT_INVALID', `'${word}' is not a kind of mark`, {
      hint: `the kinds are ${MARK_KINDS.join(', ')}`,
    });
  const target = given ?? io.env.ROLLPROOF_TARGET;
  if (target === undefined || target === '')
    throw new RollproofError('ARGUMENT_INVALID', 'mark of which target?', {
      hint: `rollproof mark ${what} TARGET, or set ROLLPROOF_TARGET`,
    });
  return { what, target, monotonicNs: monotonicAt(at, io).toString() };
}

/** The instant on this host's monotonic clock; a wall time is carried over by what both clocks say now. */
function monotonicAt(at: string | undefined, io: Io): bigint {
  const now = io.monotonicNs();
  if (at === undefined) return now;
  const agoMs = io.wallTime().getTime() - Date.parse(at);
  const ns = Number.isNaN(agoMs) ? -1n : now - BigInt(Math.round(agoMs * 1e6));
  if (!/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(at) || ns < 0n)
    throw new RollproofError('ARGUMENT_INVALID', `--at ${plainLine(at)} is not a time of this run`, {
      hint: 'write e.g. 2026-11-22T08:15:03.250Z, with its zone',
    });
  return ns;
}

/** By the address while the run listens there, else into the file. */
async function sent(mark: Mark, io: Io): Promise<number> {
  const { ROLLPROOF_MARK_URL: url, ROLLPROOF_MARK_FILE: file } = io.env;
  const has = (text: string | undefined): text is string => text !== undefined && text !== '';
  if (!has(url) && !has(file)) {
    io.stderr.write('rollproof mark: no run is listening (ROLLPROOF_MARK_URL and ROLLPROOF_MARK_FILE are not set)\n');
    return EXIT.pass;
  }
  const problem = has(url) ? await posted(url, mark) : null;
  if (has(url) && problem === null) return EXIT.pass;
  if (problem?.refused === true)
    throw new RollproofError('ARGUMENT_INVALID', `the run did not take the mark: ${plainLine(problem.words)}`, {
      hint: 'check the target and the kind',
    });
  if (!has(file)) throw unreachable(problem?.words ?? '');
  try {
    appendFileSync(file, `${JSON.stringify(mark)}\n`);
    return EXIT.pass;
  } catch (cause) {
    throw unreachable(cause instanceof Error ? cause.message : String(cause));
  }
}

/** Null when it was taken. */
async function posted(url: string, mark: Mark): Promise<{ readonly refused: boolean; readonly words: string } | null> {
  try {
    const reply = await fetch(url, {
      method: 'POST',
      body: JSON.stringify(mark),
      signal: AbortSignal.timeout(ASK_MS),
      redirect: 'error',
    });
    return reply.ok ? null : { refused: reply.status === 400, words: (await reply.text()).slice(0, 500).trim() };
  } catch (cause) {
    return { refused: false, words: cause instanceof Error ? cause.message : String(cause) };
  }
}

function unreachable(why: string): RollproofError {
  return new RollproofError('TOOL_MISSING', `the mark could not be left: ${plainLine(why)}`, {
    hint: 'does the run that set ROLLPROOF_MARK_URL still go on? A script that must not stop here adds || true',
  });
}
