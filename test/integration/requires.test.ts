import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchOf } from '../../src/domain/sample-table.js';
import { openEventWriter } from '../../src/journal/event-writer.js';
import { createRunDirectory, runPaths, sampleFile } from '../../src/journal/run-directory.js';
import { openSampleWriter } from '../../src/journal/sample-writer.js';
import { worldRun } from '../runs/world.js';
import { type EngineRig, engineRig } from '../support/engine-rig.js';
import { rollproof } from '../support/rollproof.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-requires-'));
const LIMIT_MS = 60_000;
const REQUIRES = 'requires: { environment: staging, maxAge: 24h }\n';
let rig: EngineRig;
beforeAll(async () => {
  rig = await engineRig(folder, 'production', {});
}, LIMIT_MS);
afterAll(async () => {
  await rig.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The facts of a sound roll of v2 on staging an hour ago, and what `rollproof report` makes of them. */
async function stagingPass(): Promise<string> {
  const { header, events, samples } = worldRun({});
  const startedAt = new Date(Date.now() - 3_600_000);
  const dir = createRunDirectory(join(folder, 'staging'), 'fixture', startedAt);
  const writer = openEventWriter(runPaths(dir).events);
  const scenario = { ...header.scenario, environment: 'staging' };
  writer.append({ ...header, startedAtWall: startedAt.toISOString(), scenario });
  for (const event of events) writer.append(event);
  writer.close();
  const source = samples.source.values[samples.source.codes.at(0)] ?? '';
  const rows = openSampleWriter(sampleFile(dir, source), source);
  rows.append(batchOf(samples, 0, samples.length));
  rows.close();
  const { code, out, err } = await rollproof(['report', dir]).ended;
  expect(code, out + err).toBe(0);
  return dir;
}

const preflight = (file: string, ...argv: string[]) => rig.command(['preflight', file, ...argv]).ended;

/** Starts a run that goes on over everything, stops it at its first detach, and gives the findings it journalled. */
async function journalled(name: string, ...argv: string[]) {
  const run = rig.run(rig.scenario(name, 'v2', { top: REQUIRES }), argv);
  await run.seen('detach one');
  run.child.kill('SIGTERM');
  await run.ended;
  const event = rig.events(name).find((e) => e.kind === 'preflight');
  if (event?.kind !== 'preflight') throw new Error('no preflight in the journal');
  return { forced: event.forced, requires: event.findings.find((f) => f.id === 'requires') };
}

describe('staging, then production', () => {
  it(
    'production takes the PASS of that very version, and no other, older or altered one',
    async () => {
      const v2 = rig.scenario('production', 'v2', { top: REQUIRES });
      expect(await preflight(v2)).toMatchObject({ code: 3, out: expect.stringContaining('no PASS of v2 on staging') });
      const dir = await stagingPass();
      for (const found of [await preflight(v2, '--pass', dir), await preflight(v2, '--out', join(folder, 'staging'))])
        expect(found, found.err).toMatchObject({ code: 0, out: expect.stringContaining('v2 has passed on staging') });
      const v3 = rig.scenario('production', 'v3', { top: REQUIRES });
      expect(await preflight(v3, '--pass', dir)).toMatchObject({
        code: 3,
        out: expect.stringContaining('it is of version v2'),
      });
      const soon = rig.scenario('soon', 'v2', { top: 'requires: { environment: staging, maxAge: 30m }\n' });
      expect(await preflight(soon, '--pass', dir)).toMatchObject({ code: 3, out: expect.stringContaining('1 h old') });
      // Somebody makes it say what they would like it to say.
      const result = join(dir, 'derived', 'result.json');
      writeFileSync(result, readFileSync(result, 'utf8').replaceAll('"v2"', '"v3"'));
      expect(await preflight(v3, '--pass', dir)).toMatchObject({ code: 3, out: expect.stringContaining('SHA-256') });
      expect(rig.api.actions.filter((a) => !a.startsWith('Describe'))).toEqual([]);
    },
    LIMIT_MS,
  );

  it(
    'who goes on without it is in the journal, by --without-pass as by --force',
    async () => {
      const waived = rig.scenario('waived', 'v2', { top: REQUIRES });
      expect(await preflight(waived, '--without-pass')).toMatchObject({ code: 0 });
      expect((await journalled('waived', '--without-pass')).requires).toMatchObject({
        level: 'warning',
        message: expect.stringContaining('waived with --without-pass'),
      });
      expect(await journalled('forced')).toMatchObject({ forced: true, requires: { level: 'refused' } });
      // Stopped runs attach and do not wait for what follows.
      await expect.poll(rig.phases, { timeout: 20_000 }).toEqual({ 'i-1': 'in-service', 'i-2': 'in-service' });
    },
    LIMIT_MS,
  );
});
