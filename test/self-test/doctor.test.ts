import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../dist/cli/program.js';
import { engineProof, readSelfTest, writeSelfTest } from '../../dist/cli/self-test-store.js';
import { doctorText } from '../../src/cli/doctor-text.js';
import { toolVersion } from '../../src/cli/version.js';
import type { TrafficEngine } from '../../src/domain/ports.js';
import type { EngineSelfTest } from '../../src/domain/self-test.js';
import { fakeIo } from '../support/fake-io.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-doctor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const NODE = 'v20.20.0';
// Nobody may ask the metadata service of a test machine; the SDK reads the real environment.
beforeEach(() => {
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function ioIn(name: string, env: Record<string, string> = {}) {
  const state = join(folder, name);
  return fakeIo({
    cwd: folder,
    tools: { node: NODE, platform: 'linux-x64' },
    env: { PATH: '/nonexistent', ROLLPROOF_STATE_DIR: state, ...env },
    monotonicNs: () => process.hrtime.bigint(),
  });
}

async function doctor(argv: string[], fake: ReturnType<typeof ioIn>) {
  return { code: await main(['doctor', ...argv], fake.io), out: fake.out(), err: fake.err() };
}

const passed: EngineSelfTest = {
  engine: 'k6',
  version: 'v2.2.0',
  method: 'POST',
  toolVersion: toolVersion(),
  node: NODE,
  testedAtWall: '2026-11-22T06:05:33.000Z',
  cases: [{ fault: 'hung', promised: true, injected: 21, seen: 21, otherwise: 0 }],
  resent: 0,
  error: null,
};
const blind: EngineSelfTest = {
  ...passed,
  cases: [{ fault: 'hung', promised: true, injected: 21, seen: 2, otherwise: 0 }],
};
const k6 = { capabilities: { name: 'k6' }, tools: { k6: 'v2.2.0' } } as unknown as TrafficEngine;
const K6_TRAFFIC = { engine: 'k6', script: null, plan: null } as const;

describe('rollproof doctor', () => {
  it('looks at the machine and says what each missing tool would add', async () => {
    const { code, out } = await doctor(['--no-self-test'], ioIn('plain'));
    expect(code).toBe(0);
    expect(out).toMatch(/ok {7}Node v20\.20\.0 on linux-x64/);
    expect(out).toMatch(
      /absent {3}k6: there is no k6\n +adds traffic\.engine: k6 and your own k6 scripts; install k6 v2/,
    );
    expect(out).toMatch(/absent {3}kubectl: not on PATH\n +reads the rows of k6 pods/);
    expect(out).toMatch(/state directory .* can be written/);
    expect(out).toMatch(/nothing is wrong/);
  });

  it('never prints credentials', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIASECRETID');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'verysecret');
    const { out } = await doctor(['--no-self-test', '--json'], ioIn('credentials'));
    expect(out).toMatch(/AWS credentials found/);
    expect(out).not.toMatch(/SECRET|verysecret/);
  });

  it('tests the embedded engine, keeps the result for runs, and prints it as JSON', async () => {
    const fake = ioIn('embedded');
    const { code, out } = await doctor(['--engine', 'embedded', '--json'], fake);
    const report = JSON.parse(out) as { engines: EngineSelfTest[]; problems: string[] };
    expect(report.problems).toEqual([]);
    expect(code).toBe(0);
    expect(report.engines[0]?.cases.map((one) => one.fault)).toEqual([
      'dropped-fin',
      'dropped-rst',
      'truncated',
      'slow',
      'hung',
      'refused',
    ]);
    expect(readSelfTest('embedded', fake.io.env)).toEqual(report.engines[0]);
  });

  it('refuses an engine nobody knows (64), one that is not there (69), and a state directory it cannot write (69)', async () => {
    expect((await doctor(['--engine', 'vegeta'], ioIn('unknown'))).code).toBe(64);
    const absent = await doctor(['--engine', 'k6'], ioIn('absent'));
    expect(absent.code).toBe(69);
    expect(absent.err).toMatch(/there is no k6/);
    writeFileSync(join(folder, 'a-file'), '');
    const unwritable = await doctor(
      ['--no-self-test'],
      ioIn('x', { ROLLPROOF_STATE_DIR: join(folder, 'a-file', 'in') }),
    );
    expect(unwritable.code).toBe(69);
    expect(unwritable.out).toMatch(/PROBLEM: state directory .* cannot be written \(ENOTDIR\)/);
  });

  it('tells what was missed, and what was only shown', () => {
    const shown: EngineSelfTest = {
      ...passed,
      method: 'GET',
      resent: 5,
      cases: [{ fault: 'dropped-fin', promised: false, injected: 5, seen: 0, otherwise: 0 }],
    };
    const text = doctorText({
      toolVersion: '1',
      machine: [],
      tools: [],
      engines: [blind, shown],
      problems: ['k6: hung'],
    });
    expect(text).toMatch(/no answer at all +2 of 21: MISSED +–/);
    expect(text).toMatch(/\(FIN\) +– +0 of 5, hidden/);
    expect(text).toMatch(/sent again without a word +0 +5/);
    expect(text).toMatch(/PROBLEM: k6: hung/);
  });
});

describe('engineProof', () => {
  it('takes the last doctor result of this very version, or says that there is none', async () => {
    const { io } = ioIn('proof');
    expect(await engineProof(K6_TRAFFIC, k6, io)).toBeNull();
    writeSelfTest(passed, io.env);
    expect(await engineProof(K6_TRAFFIC, k6, io)).toEqual(passed);
    expect(await engineProof(K6_TRAFFIC, { ...k6, tools: { k6: 'v2.3.0' } }, io)).toBeNull();
    expect(await engineProof({ ...K6_TRAFFIC, script: 'own.js' }, k6, io)).toBeNull();
    writeFileSync(join(folder, 'proof', 'self-test', 'k6.json'), '{ broken');
    expect(await engineProof(K6_TRAFFIC, k6, io)).toBeNull();
  });

  it('refuses an engine that failed: nothing may be proved with it', async () => {
    const { io } = ioIn('blind');
    writeSelfTest(blind, io.env);
    await expect(engineProof(K6_TRAFFIC, k6, io)).rejects.toMatchObject({ code: 'ENGINE_BLIND', exitCode: 69 });
  });

  it('keeps with the run what `doctor` found missing here and there', async () => {
    const { io } = ioIn('spoiled');
    const spoiled = { ...passed, cases: [{ ...passed.cases[0]!, seen: 20 }] };
    writeSelfTest(spoiled, io.env);
    expect(await engineProof(K6_TRAFFIC, k6, io)).toEqual(spoiled);
  });

  it('tests the embedded engine where nobody has yet, and only once', async () => {
    const { io } = ioIn('fresh');
    const embedded = { capabilities: { name: 'embedded' } } as unknown as TrafficEngine;
    const traffic = { engine: 'embedded', script: null, plan: null } as const;
    const first = await engineProof(traffic, embedded, io);
    expect(first?.error).toBeNull();
    const kept = readFileSync(join(folder, 'fresh', 'self-test', 'embedded.json'), 'utf8');
    expect(await engineProof(traffic, embedded, io)).toEqual(first);
    expect(readFileSync(join(folder, 'fresh', 'self-test', 'embedded.json'), 'utf8')).toBe(kept);
  });
});
