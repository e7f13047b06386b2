import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type FleetManifests, k6Arguments, k6OperatorFiles } from '../../src/export/k6-operator.js';

const schema = JSON.parse(readFileSync(new URL('./schemas/testrun.json', import.meta.url), 'utf8')) as object;
const isTestRun = new Ajv({ allErrors: true }).compile(schema);

const PLAIN: FleetManifests = {
  name: 'checkout',
  parallelism: 3,
  rows: 'console',
  script: 'export default function () {}\n',
  plan: '{"format":1}\n',
  ca: null,
  secrets: { ROLLPROOF_HEADER_AUTHORIZATION: 'authorization' },
  testRuns: [
    { name: 'checkout-fresh', probe: '{"method":"POST"}', vusPerPod: 100, ratePerPod: 33.3 },
    { name: 'checkout-reuse', probe: '{"method":"POST"}', vusPerPod: 100, ratePerPod: 33.3 },
  ],
};

/** As kubectl reads them: YAML 1.1. */
function objects(given: FleetManifests): Record<string, unknown>[] {
  return k6OperatorFiles(given)
    .filter(({ path }) => path.endsWith('.yaml'))
    .map(({ text }) => parse(text, { version: '1.1' }));
}

describe('k6OperatorFiles', () => {
  it('writes TestRuns that fit their schema', () => {
    const runs = objects({ ...PLAIN, ca: 'pem' }).filter(({ kind }) => kind === 'TestRun');
    expect(runs).toHaveLength(2);
    for (const run of runs) expect(isTestRun(run) ? null : isTestRun.errors).toBe(null);
  });

  it('pins k6, leaves the barrier on, and lets no pod be cleaned up before its log is read', () => {
    const text = k6OperatorFiles(PLAIN)
      .map((file) => file.text)
      .join('');
    expect(text).toContain('image: grafana/k6:2.2.0');
    expect(text).not.toMatch(/cleanup|paused|latest/);
  });

  it.each(['console', 'csv'] as const)('gives each argument as a token of its own (%s rows)', (rows) => {
    const args = k6Arguments(rows);
    // The operator hands all but `--out VALUE` to `k6 archive`, which does not know that option.
    expect(args.filter((arg) => arg.startsWith('--out='))).toEqual([]);
    expect(args.filter((arg) => /\s/.test(arg))).toEqual([]);
    expect(args.includes('--out')).toBe(rows === 'csv');
    if (rows === 'csv') expect(args[args.indexOf('--out') + 1]).toMatch(/^csv=fileName=-,timeFormat=unix_nano/);
  });

  it('takes secrets from a Secret by name only', () => {
    interface Pod {
      env: { name: string; value?: string }[];
    }
    const run = objects(PLAIN)[1] as { spec: { initializer: Pod; runner: Pod } };
    expect(JSON.stringify(run.spec.initializer)).not.toContain('HEADER');
    const secret = run.spec.runner.env.find(({ name }) => name === 'ROLLPROOF_HEADER_AUTHORIZATION');
    expect(secret).toEqual({
      name: 'ROLLPROOF_HEADER_AUTHORIZATION',
      valueFrom: { secretKeyRef: { name: 'checkout-headers', key: 'authorization' } },
    });
  });

  it('keeps any text whole through YAML as Kubernetes reads it', () => {
    const words = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        'on',
        'no',
        '1_000',
        '0o7',
        '1:30',
        '~',
        '- a',
        'a: b',
        '# x',
        '\t',
        '\n\n',
        '{{x}}',
        '%YAML 1.2',
      ),
    );
    fc.assert(
      fc.property(words, words, words, (script, plan, probe) => {
        const given = { ...PLAIN, script, plan, ca: plan, testRuns: [{ ...PLAIN.testRuns[0]!, probe }] };
        const [config] = objects(given) as [{ data: Record<string, string> }];
        expect(config.data).toEqual({
          'probe.ts': script,
          'plan.json': plan,
          'checkout-fresh.json': probe,
          'ca.pem': plan,
        });
      }),
      { numRuns: 40 },
    );
  });
});
