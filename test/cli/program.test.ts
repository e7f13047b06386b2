import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { faultNames } from '../../src/cli/demo.js';
import { main } from '../../src/cli/program.js';
import { fakeIo } from '../support/fake-io.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const scenario = (name: string) => fileURLToPath(new URL(`../../scenarios/${name}`, import.meta.url));
const AWS = { ROLLPROOF_ELB: 'lb', AWS_REGION: 'us-east-1' };

async function run(argv: string[], overrides: Parameters<typeof fakeIo>[0] = {}) {
  const fake = fakeIo({ cwd: folder, ...overrides });
  return { code: await main(argv, fake.io), out: fake.out(), err: fake.err() };
}

/** A scenario on a load balancer that is not the lab. */
function realScenario(name: string, text = ''): string {
  const file = join(folder, name);
  writeFileSync(
    file,
    `extends: ${scenario('lab.yaml')}
balancer: { kind: elb-classic, name: lb, region: us-east-1, endpoint: "http://127.0.0.1:9" }
${text}`,
  );
  return file;
}

describe('the command line', () => {
  it('explains itself and its exit codes', async () => {
    const help = await run(['--help']);
    expect(help.code).toBe(0);
    expect(help.out).toMatch(/2 INCONCLUSIVE · 3 refused/);
    expect((await run(['--version'])).out.trim()).toBe(
      JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version,
    );
  });

  it.each([
    [['nonsense'], /unknown command/],
    [['run'], /missing required argument/],
    [['plan', 'lab.yaml', '--no-such'], /unknown option/],
    [['demo', '--fault', 'no-such-fault'], /known faults: broken-release/],
    [['demo', '--fault', '../../etc/passwd'], /no fault named/],
    [['run', 'no-such-file.yaml'], /no-such-file\.yaml/],
    [['report', 'no-such-dir'], /not a run directory/],
    [['lab', '--seed', 'x'], /not a whole number/],
    [['watch', scenario('blue-green.yaml')], /watch cannot judge a blue-green deploy: .*\n.*let rollproof make it/],
    [['run', scenario('blue-green.yaml'), '--', 'true'], /command of your own cannot make a blue-green deploy/],
    [['lab', '--set', 'drain'], /knob=value/],
    [['lab', '--set', 'drainEnabled=perhaps'], /must be true or false/],
    [['lab', '--set', 'nodes=0'], /from 1 to 8/],
    [['lab', '--set', 'nosuch=1'], /unknown knob 'nosuch'/],
    [['lab', '--preset', 'x'], /the presets are/],
    [['lab', '--port', '99999'], /port number/],
    [['lab', '--targets', 'a,,b'], /instances\[1\]/],
    [['lab', '--targets', 'a,b', '--outside', 'c'], /--outside names c, and --targets does not/],
    [['lab', '--targets', 'a,b', '--outside', 'a,b'], /out must leave an instance in service/],
  ])('%j is refused with 64 and says why', async (argv, message) => {
    const { code, err } = await run(argv);
    expect(err).toMatch(message);
    expect(code).toBe(64);
  });

  it('reports every problem of a scenario at once, with 64', async () => {
    const file = join(folder, 'bad.yaml');
    writeFileSync(file, `extends: ${scenario('lab.yaml')}\ntrafic: {}\ntraffic:\n  rate: fast\n`);
    const { code, err } = await run(['plan', file]);
    expect(code).toBe(64);
    expect(err).toMatch(/bad\.yaml:2:1 trafic: .*/);
    expect(err).toMatch(/bad\.yaml:4:9 traffic\.rate: .*/);
    expect(err).toContain('^');
  });
});

describe('plan', () => {
  it('prints stages, duration and power, and touches nothing', async () => {
    const { code, out } = await run(['plan', scenario('lab.yaml')]);
    expect(code).toBe(0);
    expect(out).toMatch(/staging-1-out\n {4}detach staging-1\n {4}sleep 6 s\n {4}deploy staging-1/);
    expect(out).toMatch(/no total outage over 16 ms/);
  });
  it('is JSON when asked', async () => {
    const { out } = await run(['plan', scenario('lab.yaml'), '--json']);
    expect(JSON.parse(out)).toMatchObject({ scenario: 'lab', power: { canPass: true } });
  });
  it('says with 2 that a scenario cannot PASS, and `run` stops there before touching anything', async () => {
    const weak = realScenario(
      'weak.yaml',
      'traffic: { rate: 5/s, lanes: { long: off } }\npolicy: { requireDrain: false }\n',
    );
    expect(await run(['plan', weak])).toMatchObject({ code: 2, out: expect.stringContaining('it cannot PASS') });
    const ran = await run(['run', weak, '--yes']);
    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('nothing was touched') });
  });
});

describe('run against somebody’s balancer', () => {
  it('wants a yes where nobody can be asked', async () => {
    const { code, err } = await run(['run', realScenario('real.yaml')]);
    expect(code).toBe(3);
    expect(err).toMatch(/--yes/);
  });
  it('takes anything but y for a no', async () => {
    const { code } = await run(['run', realScenario('real.yaml')], { stdinIsTty: true, ask: async () => 'maybe' });
    expect(code).toBe(3);
  });
  it('takes the end of the input for a no', async () => {
    const { code } = await run(['run', realScenario('real.yaml')], { stdinIsTty: true, ask: async () => null });
    expect(code).toBe(3);
  });
  it('does not repeat a blue-green deploy where its groups stay changed', async () => {
    const groups = 'rollout: { strategy: blue-green, blueGreen: { green: [staging-2], blue: [staging-1] } }';
    const { code, err } = await run(['compare', realScenario('swapping.yaml', groups), '--sleep', '1s,2s', '--yes']);
    expect([code, err]).toEqual([
      64,
      expect.stringMatching(/leaves its groups the other way round.*\n.*balancer\.kind: lab/),
    ]);
  });
  it('ends with 69 when the balancer does not answer, leaving no run behind', async () => {
    const { code, err } = await run(['run', realScenario('real.yaml'), '--yes'], {
      env: { ...AWS, AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x', ROLLPROOF_STATE_DIR: join(folder, 'state') },
    });
    expect(err).toMatch(/could not ask http:\/\/127\.0\.0\.1:9/);
    expect(code).toBe(69);
    expect(existsSync(join(folder, 'reports'))).toBe(false);
  });
});

describe('init and schema', () => {
  it('writes a starter that plans, once', async () => {
    expect((await run(['init', 'mine.yaml'])).code).toBe(0);
    expect((await run(['init', 'mine.yaml'])).err).toMatch(/exists already/);
  });
  it('prints a JSON Schema that knows the top-level keys', async () => {
    const schema = JSON.parse((await run(['schema'])).out) as { properties: object };
    expect(Object.keys(schema.properties)).toEqual(
      expect.arrayContaining(['service', 'balancer', 'targets', 'rollout', 'traffic', 'policy']),
    );
  });
});

describe('demo', () => {
  it('offers the faults that are on disk', () => {
    expect(faultNames()).toEqual(
      expect.arrayContaining([
        'broken-release',
        'generator-stall',
        'no-drain',
        'ready-lies',
        'second-detach-too-soon',
        'sleep-too-short',
        'stale-version',
      ]),
    );
  });
});
