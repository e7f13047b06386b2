import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RollproofError } from '../domain/errors.js';
import type { TrafficEngine } from '../domain/ports.js';
import type { Traffic } from '../domain/scenario.js';
import { type EngineSelfTest, isBlind, isSameSubject, selfTestMisses } from '../domain/self-test.js';
import { stateDir } from './balancer-lock.js';
import type { Io } from './io.js';
import { testEngine } from './self-test.js';
import { toolVersion } from './version.js';

/** A run does not wait longer for it than for two tries. */
const RUN_TRIES = 2;

/**
 * What is known of the engine a run uses. The embedded one is tested now unless it was before, for it takes 2 s; of k6 and
 * JMeter the last `doctor` counts, and null says that there was none for this version. A script of the user's own is not
 * what was tested. A test that could not be carried out, or was spoiled, on a machine too busy for it counts as none.
 * @throws RollproofError ENGINE_BLIND when the engine does not see what it vouches for: nothing may be proved with it.
 */
export async function engineProof(
  { engine: name, script, plan }: Pick<Traffic, 'engine' | 'script' | 'plan'>,
  engine: TrafficEngine,
  io: Io,
): Promise<EngineSelfTest | null> {
  if (script != null || plan != null) return null;
  const subject = {
    engine: name,
    version: engine.tools?.[name] ?? null,
    toolVersion: toolVersion(),
    node: io.tools.node ?? 'unknown',
  };
  const stored = readSelfTest(name, io.env);
  const known = stored !== null && isSameSubject(stored, subject) ? stored : null;
  const isProven = known !== null && selfTestMisses(known).length === 0;
  const test = name === 'embedded' && !isProven ? await testEngine(name, io, RUN_TRIES) : known;
  if (test === null || test.error !== null) return null;
  const misses = selfTestMisses(test);
  // Spoiled by a busy machine: no proof of anything, and no reason to refuse a run. What `doctor` found is kept with the run,
  // which then proves nothing either.
  if (misses.length > 0 && !isBlind(test)) return name === 'embedded' ? null : test;
  if (test !== known) writeSelfTest(test, io.env);
  if (misses.length === 0) return test;
  throw new RollproofError(
    'ENGINE_BLIND',
    `traffic engine ${name} does not see on this machine what it vouches for: ${misses.join('; ')}`,
    { hint: `nothing was touched; rollproof doctor --engine ${name} tests it again, on a machine that is not busy` },
  );
}

/** The last test of this engine on this machine; null = none, or one that cannot be read. */
export function readSelfTest(engine: string, env: Io['env']): EngineSelfTest | null {
  try {
    const value = JSON.parse(readFileSync(fileOf(engine, env), 'utf8')) as Partial<EngineSelfTest> | null;
    return value !== null && Array.isArray(value.cases) && typeof value.resent === 'number'
      ? (value as EngineSelfTest)
      : null;
  } catch (absent) {
    void absent;
    return null;
  }
}

/** Keeps it for the runs to come. A state directory that cannot be written costs only that. */
export function writeSelfTest(test: EngineSelfTest, env: Io['env']): void {
  const file = fileOf(test.engine, env);
  try {
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(`${file}.draft`, `${JSON.stringify(test)}\n`);
    renameSync(`${file}.draft`, file);
  } catch (unwritable) {
    void unwritable;
  }
}

function fileOf(engine: string, env: Io['env']): string {
  return join(stateDir(env), 'self-test', `${engine}.json`);
}
