import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../../src/domain/result.js';
import { openMetrics } from '../../../src/export/openmetrics.js';
import { rollproof } from '../../support/rollproof.js';

const run = promisify(execFile);
const PYTHON = join(process.env.ROLLPROOF_AWS_TOOLS ?? '/nonexistent', 'bin/python');
const RECEIVERS = process.env.ROLLPROOF_TELEMETRY_RECEIVERS ?? null;
const hasParser = await run(PYTHON, ['-c', 'import prometheus_client']).then(
  () => true,
  () => false,
);
for (const [isThere, what] of [
  [hasParser, 'OpenMetrics text is not parsed: prometheus_client is not in ROLLPROOF_AWS_TOOLS'],
  [
    RECEIVERS !== null,
    'OTLP and Grafana are not tried: ROLLPROOF_TELEMETRY_RECEIVERS names no program (.ci/tools builds it)',
  ],
] as const) {
  if (isThere) continue;
  if (process.env.ROLLPROOF_REQUIRE_TOOLS === '1') throw new Error(what);
  process.stderr.write(`\nSKIPPED: ${what}\n`);
}

/** The committed golden run: a deploy with failures, phases, steps and an outage. */
const folder = mkdtempSync(join(tmpdir(), 'rollproof-telemetry-'));
const dir = join(folder, 'run');
let result: RunResult;

beforeAll(async () => {
  cpSync(fileURLToPath(new URL('../../../reports/sample', import.meta.url)), dir, { recursive: true });
  const ended = await rollproof(['report', dir, '--json']).ended;
  result = JSON.parse(ended.out);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every sample that the parser of Prometheus's own client library finds: `name labels value`. */
const PARSE = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.read()):
    print(json.dumps({"name": family.name, "type": family.type, "unit": family.unit,
                      "samples": [[s.name, s.labels, s.value] for s in family.samples]}))
`;

async function parsed(text: string) {
  const child = run(PYTHON, ['-c', PARSE]);
  child.child.stdin?.end(text);
  const { stdout } = await child;
  const lines = stdout.trim().split('\n');
  return lines.map((line) => JSON.parse(line)) as {
    name: string;
    type: string;
    unit: string;
    samples: [string, Record<string, string>, number][];
  }[];
}

describe.skipIf(!hasParser)('OpenMetrics text, read by prometheus_client', () => {
  it('is valid, and says what the result says', async () => {
    const file = join(folder, 'textfile', 'metrics.prom');
    const plain = await rollproof(['report', dir]).ended;
    const ended = await rollproof(['report', dir, '--openmetrics', file]).ended;
    expect([ended.code, ended.err]).toEqual([plain.code, plain.err]);
    const families = new Map((await parsed(readFileSync(file, 'utf8'))).map((family) => [family.name, family]));
    const { scenario } = result.run;
    const common = { scenario: scenario.name, environment: scenario.environment };
    const failed = families.get('rollproof_requests')?.samples.find(([, labels]) => labels.outcome === 'failed');
    expect(failed).toEqual(['rollproof_requests', { ...common, outcome: 'failed' }, result.counts.failed]);
    const verdict = families.get('rollproof_verdict');
    expect(verdict?.type).toBe('stateset');
    expect(verdict?.samples.filter(([, , value]) => value === 1).map(([, labels]) => labels.rollproof_verdict)).toEqual(
      [result.verdict.kind],
    );
    expect(families.get('rollproof_latency_seconds')).toMatchObject({ unit: 'seconds', type: 'gauge' });
    expect(families.get('rollproof_outages')?.samples[0]?.[2]).toBe(result.outages.length);
  });

  it('stays valid whatever names are in it, and with nothing established', async () => {
    const nasty = 'a"b\\c\nd{e}="f", # EOF \ud800 é';
    const { claims, latency, run: info } = result;
    const changed: RunResult = {
      ...result,
      run: { ...info, deployMs: null, scenario: { ...info.scenario, name: nasty, environment: '' } },
      claims: { ...claims, failureProbabilityUpper: null, margins: [{ target: nasty, marginMs: null }] },
      latency: { ...latency, baseline: null, deploy: null },
    };
    const families = await parsed(openMetrics(changed));
    const labels = families.flatMap(({ samples }) => samples.map(([, found]) => found.scenario));
    expect(new Set(labels)).toEqual(new Set([nasty.toWellFormed()]));
    expect(families.map(({ name }) => name)).not.toContain('rollproof_deploy_seconds');
  });
});

interface Said {
  readonly kind: string;
  readonly [name: string]: unknown;
}

describe.skipIf(RECEIVERS === null)('OTLP spans and Grafana annotations, taken by receivers nobody here wrote', () => {
  let child: ChildProcess;
  const said: Said[] = [];
  let ready: Said;

  beforeAll(async () => {
    child = spawn(RECEIVERS!, [], { stdio: ['pipe', 'pipe', 'inherit'] });
    ready = await new Promise((resolve) =>
      createInterface({ input: child.stdout! }).on('line', (line) => {
        const one = JSON.parse(line) as Said;
        if (one.kind === 'ready') resolve(one);
        else said.push(one);
      }),
    );
  }, 20_000);
  afterAll(() => {
    child?.stdin?.end();
  });

  it('takes the run as one trace: run › stage › step', async () => {
    said.length = 0;
    const { code, err } = await rollproof(['report', dir, '--otlp', String(ready.otlp)]).ended;
    expect([code, err]).toEqual([result.verdict.exitCode, expect.not.stringContaining('telemetry')]);
    const spans = said.filter(({ kind }) => kind === 'span');
    expect(spans.length).toBe(1 + result.timeline.stages.length + result.timeline.steps.length);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    const none = '0'.repeat(16);
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === none);
    expect(roots).toHaveLength(1);
    expect(roots[0]).toMatchObject({
      spanKind: 'Server',
      attributes: {
        'cicd.pipeline.name': result.run.scenario.name,
        'cicd.pipeline.run.id': result.run.id,
        'deployment.environment.name': result.run.scenario.environment,
        'deployment.status': 'succeeded',
        'rollproof.verdict': result.verdict.kind,
      },
      resource: { 'service.name': 'rollproof' },
    });
    expect(Number(BigInt(String(roots[0]?.start)) / 1_000_000n)).toBe(Date.parse(result.run.startedAtWall));
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const steps = spans.filter(({ attributes }) => 'rollproof.step.kind' in (attributes as object));
    expect(steps.length).toBe(result.timeline.steps.length);
    for (const step of steps) expect(String(byId.get(step.parentSpanId)?.name)).toMatch(/^stage /);
    const first = spans.map(({ spanId }) => spanId);
    said.length = 0;
    await rollproof(['report', dir, '--otlp', `${ready.otlp}/v1/traces`]).ended;
    expect(said.map(({ spanId }) => spanId)).toEqual(first);
  });

  it('takes phases, steps and outages as regions', async () => {
    said.length = 0;
    const env = { ROLLPROOF_GRAFANA_TOKEN: 'test-token' };
    const { code, err } = await rollproof(['report', dir, '--grafana', String(ready.grafana)], { env }).ended;
    expect([code, err]).toEqual([result.verdict.exitCode, expect.not.stringContaining('telemetry')]);
    const regions = said.filter(({ kind }) => kind === 'annotation') as unknown as {
      tags: string[];
      time: number;
      timeEnd: number;
    }[];
    const { phases, timeline, outages } = result;
    expect(regions.length).toBe(1 + phases.length + timeline.steps.length + outages.length);
    for (const { time, timeEnd, tags } of regions) {
      expect(timeEnd).toBeGreaterThanOrEqual(time);
      expect(tags).toContain('rollproof');
    }
    const origin = Date.parse(result.run.startedAtWall);
    const phase = regions.find(({ tags }) => tags.includes('kind:phase'))!;
    expect([phase.time, phase.timeEnd]).toEqual(
      [phases[0]!.phase.from, phases[0]!.phase.to].map((at) => Math.round(origin + at)),
    );
  });

  it('changes neither verdict nor exit code when nobody takes it, and never tells the token', async () => {
    writeFileSync(join(folder, 'file'), '');
    const env = { ROLLPROOF_GRAFANA_TOKEN: 'wrong-secret', OTEL_EXPORTER_OTLP_HEADERS: 'nonsense' };
    const nowhere = ['--openmetrics', join(folder, 'file', 'metrics.prom')];
    const argv = [
      'report',
      dir,
      '--json',
      '--grafana',
      String(ready.grafana),
      '--otlp',
      'http://127.0.0.1:9',
      ...nowhere,
    ];
    const { code, out, err } = await rollproof(argv, { env }).ended;
    expect([code, JSON.parse(out)]).toEqual([result.verdict.exitCode, result]);
    expect(err).toMatch(/warning: telemetry: Grafana: .* answered 401.*; 0 of \d+ annotations/);
    expect(err).toMatch(/warning: telemetry: OTLP: OTEL_EXPORTER_OTLP_HEADERS/);
    expect(err).toMatch(/warning: telemetry: cannot write/);
    expect(err).not.toContain('wrong-secret');
    const refused = await rollproof(['report', dir, '--otlp', 'http://127.0.0.1:9/x']).ended;
    expect([refused.code, refused.err]).toEqual([
      result.verdict.exitCode,
      expect.stringMatching(/OTLP: .*ECONNREFUSED|bad port/),
    ]);
  });
});

describe('addresses of telemetry', () => {
  it.each([
    ['no address', 'nonsense', /no http/],
    ['a password in it', 'https://me:secret@grafana.test', /user name or password/],
  ])('refuses %s with 64', async (_, url, message) => {
    const { code, err } = await rollproof(['report', dir, '--grafana', url]).ended;
    expect([code, err]).toEqual([64, expect.stringMatching(message)]);
    expect(err).not.toContain('secret@');
  });
});
