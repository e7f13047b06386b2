// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are the scenario's own.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadScenario } from '../../src/config/load.js';
import { scenarioJsonSchema } from '../../src/config/schema.js';
import { starterScenario } from '../../src/config/starter.js';
import { DEFAULT_GATES, DEFAULT_POLICY } from '../../src/domain/scenario.js';
import { labSettings } from '../../src/lab/presets.js';
import { load, refusal, variant } from './memory-io.js';

const env = {
  STAGING_URL: 'http://staging.example.com/',
  STAGING_ELB: 'staging',
  STAGING_1_INSTANCE: 'i-0123456789abcdef0',
  STAGING_2_INSTANCE: 'i-0123456789abcdef1',
  PRODUCTION_URL: 'http://www.example.com/',
  PRODUCTION_ELB: 'production',
  PRODUCTION_1_INSTANCE: 'i-0123456789abcdef2',
  PRODUCTION_2_INSTANCE: 'i-0123456789abcdef3',
  NEW_VERSION: 'v2',
};
const io = { env, readFile: (path: string) => readFileSync(path, 'utf8') };
const FAULTS = readdirSync('scenarios/faults').map((file) => `scenarios/faults/${file}`);
const OTHER_LABS = ['lab-alb', 'lab-nlb', 'lab-haproxy'];
const SHIPPED = [
  'scenarios/lab.yaml',
  'scenarios/staging.yaml',
  'scenarios/production.yaml',
  ...OTHER_LABS.map((name) => `scenarios/${name}.yaml`),
  ...FAULTS,
];

describe('shipped scenarios', () => {
  it.each(SHIPPED)('%s loads without a problem or a warning', (file) => {
    const { scenario, warnings } = loadScenario(file, io);
    expect(warnings).toEqual([]);
    expect(file).toContain(`${scenario.name}.yaml`);
  });

  it('plays every fault in the detection matrix', () => {
    const rows = readdirSync('scenarios/matrix').map((file) => readFileSync(`scenarios/matrix/${file}`, 'utf8'));
    const bases = rows.map((text) => parse(text).extends);
    for (const fault of FAULTS) expect(bases).toContain(fault.replace('scenarios/', '../'));
  });

  it.each(OTHER_LABS)('%s is the demo with another balancer, and nothing else', (name) => {
    const { name: _ours, description: _what, balancer, ...rest } = loadScenario(`scenarios/${name}.yaml`, io).scenario;
    const demo = loadScenario('scenarios/lab.yaml', io).scenario;
    const { name: _demo, description: _demos, balancer: _classic, ...demoRest } = demo;
    expect(rest).toEqual(demoRest);
    if (balancer.kind !== 'lab') throw new Error('it runs in the lab');
    expect(labSettings(balancer.preset, balancer.knobs).knobs.kind).toBe(
      { 'lab-alb': 'application', 'lab-nlb': 'network', 'lab-haproxy': 'haproxy' }[name],
    );
  });

  it('gives every fault its own end', () => {
    const ends = FAULTS.map((file) => loadScenario(file, io).scenario).map(({ name, expect: end }) => [
      name,
      end?.verdict,
      end?.codes[0],
      end?.cause,
    ]);
    expect(Object.fromEntries(ends.map(([name, ...end]) => [name, end]))).toEqual({
      'sleep-too-short': ['FAIL', 'DOWNTIME_OBSERVED', 'ROUTED_TO_STOPPED'],
      'no-drain': ['FAIL', 'DOWNTIME_OBSERVED', 'DRAIN_TIMEOUT'],
      'second-detach-too-soon': ['FAIL', 'DOWNTIME_OBSERVED', 'NO_HEALTHY_INSTANCE'],
      'broken-release': ['INCONCLUSIVE', 'DEPLOY_INCOMPLETE', null],
      'stale-version': ['FAIL', 'STALE_VERSION', null],
      'ready-lies': ['FAIL', 'DOWNTIME_OBSERVED', 'ATTACHED_TOO_EARLY'],
      'generator-stall': ['INCONCLUSIVE', 'GEN_STALL', null],
    });
  });

  it('keeps the demo short: at most 42 s with two deploys of 3 s and the start of the lab', () => {
    const { traffic, rollout, targets } = loadScenario('scenarios/lab.yaml', io).scenario;
    const sleeps = targets.length * (rollout.sleep.afterDetachMs + rollout.sleep.afterAttachMs);
    expect(traffic.warmUpMs + traffic.baselineMs + sleeps + traffic.settleMs).toBeLessThanOrEqual(
      42_000 - 2 * 3_000 - 2_000,
    );
    expect((traffic.ratePerSecond * traffic.baselineMs) / 1000).toBeGreaterThan(DEFAULT_GATES.minBaseline);
  });

  it('stalls the generator inside the deploy', () => {
    const { traffic } = loadScenario('scenarios/faults/generator-stall.yaml', io).scenario;
    expect(traffic.injectStall?.atMs).toBeGreaterThan(traffic.warmUpMs + traffic.baselineMs);
    expect(traffic.injectStall?.durationMs).toBeGreaterThan(DEFAULT_GATES.maxStallMs);
  });

  it('asks production only for what production needs', () => {
    const needed = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('STAGING')));
    const { scenario } = loadScenario('scenarios/production.yaml', { ...io, env: needed });
    expect(scenario).toMatchObject({
      environment: 'production',
      balancer: { name: 'production' },
      rollout: { wait: 'both' },
    });
    expect(scenario.rollout.sleep).toEqual({ afterDetachMs: 60_000, afterAttachMs: 60_000 });
  });
});

describe('starter', () => {
  it('loads as it stands, without a warning', () => {
    const { scenario, warnings } = load(starterScenario());
    expect(warnings).toEqual([]);
    expect(scenario).toMatchObject({ name: 'my-service-staging', balancer: { kind: 'elb-classic' } });
    expect(scenario.policy).toEqual(DEFAULT_POLICY);
  });
  it('loads with its commented lines switched on', () => {
    const all = starterScenario()
      .replace(/^( *)# (?=(headers:|bodyContains:|long: \{))/gm, '$1')
      .replace(/^ *long: off.*\n/m, '')
      .replace(/^( *)# {3}(?=authorization)/m, '$1  ');
    const { scenario } = load(all, { SERVICE_TOKEN: 't' });
    expect(scenario.service).toMatchObject({
      headers: { authorization: 'Bearer t' },
      ok: { bodyContains: '"status":"ok"' },
    });
    expect(scenario.traffic.lanes.long?.ratePerSecond).toBe(5);
  });
});

describe('defaults', () => {
  it('are those of the verdict', () => expect(load(variant()).scenario.policy).toEqual(DEFAULT_POLICY));
  it('of the rest', () => {
    const { scenario } = load(variant());
    expect(scenario).toMatchObject({
      environment: 'lab',
      description: '',
      expect: null,
      service: {
        method: 'GET',
        body: null,
        ok: { status: [[200, 399]], bodyContains: null },
        identity: { target: 'x-target', version: 'x-version', bootId: 'x-boot-id' },
      },
      rollout: {
        strategy: 'rolling',
        sleep: { afterDetachMs: 60_000, afterAttachMs: 60_000 },
        wait: 'sleep',
        awaitTimeoutMs: null,
        settleMs: 2_000,
        onFailure: 'stop',
        minInService: 1,
        previousVersion: null,
      },
      traffic: {
        lanes: { newWeight: 1, reuseWeight: 1, long: null },
        timeoutMs: 10_000,
        maxInFlight: null,
        injectStall: null,
      },
    });
  });
});

type Schema = { readonly [key: string]: unknown };
const propertiesOf = (schema: Schema) => Object.entries((schema.properties ?? {}) as Record<string, Schema>);

describe('JSON Schema', () => {
  const schema = scenarioJsonSchema() as Schema;
  it('describes every key', () => {
    const bare: string[] = [];
    const walk = (here: Schema, path: string): void => {
      for (const [key, child] of propertiesOf(here)) {
        if (typeof child.description !== 'string') bare.push(`${path}.${key}`);
        walk(child, `${path}.${key}`);
      }
      for (const inner of [
        ...((here.anyOf as Schema[] | undefined) ?? []),
        ...(here.items === undefined ? [] : [here.items as Schema]),
      ])
        walk(inner, path);
    };
    walk(schema, '');
    expect(bare).toEqual([]);
  });
  it.each([...SHIPPED, 'the starter'])('accepts %s', (file) => {
    const text = file === 'the starter' ? starterScenario() : readFileSync(file, 'utf8');
    expect(faults(parse(text), schema, '')).toEqual([]);
  });
  it('refuses unknown keys and wrong types, and asks stand-alone files for what is required', () => {
    expect(faults({ extends: 'x', nme: 'y' }, schema, '')).toEqual([' has nme']);
    expect(faults({ extends: 'x', targets: 'y' }, schema, '')).toEqual(['.targets is string']);
    expect(schema.then).toMatchObject({
      required: expect.arrayContaining(['name', 'service', 'targets', 'traffic']),
      properties: { traffic: { required: ['rate'] } },
    });
    expect(schema.required).toBeUndefined();
  });
  it('is plain draft-7 data with examples and defaults as they are written', () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#');
    const text = JSON.stringify(schema);
    expect(text).toContain('"default":"60s"');
    expect(text).toContain('"examples":["200/s"]');
    expect(text).not.toContain('"example":');
  });
});

/** The part of JSON Schema the file format uses. */
function faults(value: unknown, schema: Schema, path: string): string[] {
  const alternatives = schema.anyOf as Schema[] | undefined;
  if (alternatives !== undefined) {
    const results = alternatives.map((one) => faults(value, one, path));
    return results.some((found) => found.length === 0) ? [] : (results.sort((a, b) => a.length - b.length)[0] ?? []);
  }
  if ('const' in schema) return value === schema.const ? [] : [`${path} is not ${String(schema.const)}`];
  if (Array.isArray(schema.enum)) return schema.enum.includes(value) ? [] : [`${path} is ${String(value)}`];
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const types = [schema.type ?? []].flat();
  if (types.length > 0 && !types.includes(type)) return [`${path} is ${type}`];
  if (Array.isArray(value))
    return value.flatMap((item, index) => faults(item, (schema.items ?? {}) as Schema, `${path}[${index}]`));
  if (type !== 'object') return [];
  const known = Object.fromEntries(propertiesOf(schema));
  const rest = schema.additionalProperties;
  return Object.entries(value as Record<string, unknown>).flatMap(([key, child]) => {
    const inner = known[key] ?? (typeof rest === 'object' && rest !== null ? (rest as Schema) : null);
    return inner === null ? (rest === false ? [`${path} has ${key}`] : []) : faults(child, inner, `${path}.${key}`);
  });
}

it('refuses without crashing whatever text it is given', () => {
  const lines = variant().split('\n');
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom('{', '[', '- ', ': ', '&a ', '*a', '!!x ', '|', '>', '"', '${A}', '? ', '<<: ', 'null', '~', '\t'),
  );
  fc.assert(
    fc.property(fc.nat(lines.length - 1), fc.array(piece, { maxLength: 6 }), fc.boolean(), (at, pieces, replace) => {
      const text = lines
        .map((line, index) => (index === at ? (replace ? '' : line) + pieces.join('') : line))
        .join('\n');
      try {
        load(text);
      } catch {
        const { problems } = refusal(text);
        for (const problem of problems) expect(problem.line).toBeGreaterThan(0);
      }
    }),
    { numRuns: 500 },
  );
});
