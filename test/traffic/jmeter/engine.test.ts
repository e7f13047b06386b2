import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/domain/event.js';
import type { SampleBatch } from '../../../src/domain/sample.js';
import { processHost } from '../../../src/traffic/foreign/process-host.js';
import { jmeterEngine } from '../../../src/traffic/jmeter/engine.js';
import { findJmeter } from '../../../src/traffic/jmeter/jmeter-tool.js';
import { testScenario } from '../../support/scenario.js';
import { answerOk, peer } from '../embedded/peers.js';
import { rowsOf } from '../embedded/rows.js';
import { workload } from '../embedded/workload.js';

const absent = (process.env.JMETER_HOME ?? '') === '';
if (absent && process.env.ROLLPROOF_REQUIRE_TOOLS === '1')
  throw new Error('there is no JMeter: name its folder in JMETER_HOME');

describe('findJmeter', () => {
  it('says what to do when there is none', async () => {
    await expect(findJmeter(processHost({ PATH: '/nonexistent' }))).rejects.toMatchObject({ exitCode: 69 });
    await expect(findJmeter(processHost({ ...process.env, JMETER_HOME: '/nonexistent' }))).rejects.toThrow(
      /there is no (JMeter|java)/,
    );
  });
});

describe('findJmeter with a JMeter that only answers -v', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollproof-fake-jmeter-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'ApacheJMeter.jar'), '');
  /** A `java` that prints this, and leaves a log where it stands as JMeter does. */
  const find = (says: string) => {
    writeFileSync(join(folder, 'java'), `#!/bin/sh\necho x > jmeter.log\ncat <<'END'\n${says}\nEND\n`, { mode: 0o755 });
    return findJmeter(processHost({ PATH: `${folder}:/usr/bin:/bin`, JMETER_HOME: folder }));
  };

  it('refuses Debian’s 2.13, which can load no plan', async () => {
    const said = 'Copyright (c) 1998-2015 The Apache Software Foundation\nVersion 2.13.20180731';
    await expect(find(said)).rejects.toMatchObject({ code: 'TOOL_MISSING', exitCode: 69 });
    await expect(find(said)).rejects.toThrow(/JMeter 2\.13\.20180731, which cannot be driven; this needs 5\.x/);
  });

  it('takes 5.6.3, warnings of Java before it or not, and leaves no log here', async () => {
    const before = existsSync('jmeter.log');
    const art =
      'WARN StatusConsoleListener 1.0 The use of package scanning\n /_/   \\_\\_|  5.6.3\n\nCopyright (c) 1998-2024';
    expect((await find(art)).version).toBe('5.6.3');
    expect(existsSync('jmeter.log')).toBe(before);
  });

  it('does not take just anything for JMeter', async () => {
    await expect(find('hello')).rejects.toThrow(/does not answer like JMeter/);
  });
});

describe.skipIf(absent)('jmeterEngine with real JMeter', () => {
  it('fires both lanes on their schedule, every slot a row, and ends when told to', async () => {
    const server = await peer(answerOk);
    const origin = process.hrtime.bigint();
    const base = testScenario();
    const service = { ...base.service, method: 'POST', url: `http://127.0.0.1:${server.port}/` };
    const engine = await jmeterEngine(base, processHost(process.env));
    const batches: SampleBatch[] = [];
    const events: RunEvent[] = [];
    const stop = new AbortController();
    const load = workload({
      source: 'jmeter',
      monotonicOriginNs: String(origin),
      maxDurationMs: 60_000,
      service,
      traffic: { ratePerSecond: 60, timeoutMs: 1000, lanes: { newWeight: 1, reuseWeight: 1, long: null } },
    });
    await engine.prepare?.(load);
    const begun = Number(process.hrtime.bigint() - origin) / 1e6;
    const ending = engine.run(
      load,
      {
        samples: { append: (b) => batches.push(b) > 0 },
        events: { append: (e) => events.push(e) },
        progress: () => undefined,
      },
      stop.signal,
    );
    setTimeout(() => stop.abort(), 3000);
    const end = await ending;
    await server.close();
    const rows = rowsOf(batches);
    expect(end).toEqual({ scheduled: rows.length, error: null });
    expect(rows.map((r) => r.seq)).toEqual(rows.map((_, i) => i));
    expect(rows.length).toBeGreaterThan(80);
    expect(new Set(rows.map((r) => r.lane)).size).toBe(2);
    for (const row of rows.filter((r) => r.status === 200)) expect(row.scheduledAt).toBeGreaterThan(begun - 50);
    // The thread that sent last goes first: some dozen threads, and the newest connections are used again and again.
    expect(Math.max(...server.seen.map(({ use }) => use))).toBeGreaterThan(20);
    expect(rows.filter((r) => r.lane === 'new' && r.connectionUse > 1)).toEqual([]);
    expect(events.some((e) => e.kind === 'generator-health')).toBe(true);
  }, 240_000);
});
