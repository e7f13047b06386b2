// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are the scenario's own.
import { describe, expect, it } from 'vitest';
import { loadScenario } from '../../src/config/load.js';
import { memoryIo, refusal, variant } from './memory-io.js';

const base = variant({ 3: '  url: http://lab.local/\n  headers: { x-a: base, x-b: base }' });

describe('extends', () => {
  it('merges maps, replaces all else, keeps what is not written', () => {
    const child = [
      'extends: ../base.yaml',
      'name: child',
      'service: { headers: { x-b: child } }',
      'targets: [{ id: z, instance: i-9 }]',
      'rollout: { minInService: 0 }',
      '',
    ].join('\n');
    const { scenario, sourceText } = loadScenario(
      'dir/child.yaml',
      memoryIo({ 'dir/child.yaml': child, 'base.yaml': base }),
    );
    expect(scenario.name).toBe('child');
    expect(scenario.service.headers).toEqual({ 'x-a': 'base', 'x-b': 'child' });
    expect(scenario.targets).toEqual([{ id: 'z', instance: 'i-9', url: null, zone: null }]);
    expect(scenario.rollout).toMatchObject({ version: 'v2', minInService: 0 });
    expect(sourceText).toBe(child);
  });

  it('replaces a map whose kind changes', () => {
    const child =
      'extends: base.yaml\nenvironment: staging\nbalancer: { kind: elb-classic, name: elb, region: eu-west-1 }\n';
    const parent = variant({ 5: '  kind: lab\n  seed: 3\n  knobs: { nodes: 2 }' });
    const { scenario } = loadScenario('c.yaml', memoryIo({ 'c.yaml': child, 'base.yaml': parent }));
    expect(scenario.balancer).toEqual({
      kind: 'elb-classic',
      name: 'elb',
      region: 'eu-west-1',
      endpoint: null,
      autoScaling: null,
      lockTag: false,
    });
  });

  it('switches an inherited value off with a word, null or another shape', () => {
    const parent = variant({
      11: '  deploy: { command: [x], env: { A: b } }\n  previousVersion: v1',
      13: '  rate: 200/s\n  maxInFlight: 9000',
    });
    const child =
      'extends: base.yaml\nrollout: { deploy: none, previousVersion: null }\ntraffic: { maxInFlight: auto }\n';
    const { scenario } = loadScenario('c.yaml', memoryIo({ 'c.yaml': child, 'base.yaml': parent }));
    expect([scenario.rollout.deploy, scenario.rollout.previousVersion, scenario.traffic.maxInFlight]).toEqual([
      { kind: 'none' },
      null,
      null,
    ]);
  });

  it('points at the file, line and column where a value was written', () => {
    const files = {
      'a/child.yaml': 'extends: ../b/middle.yaml\nrollout: { minInService: 7 }\n',
      'b/middle.yaml': '# a comment\nextends: base.yaml\ntraffic:\n  timeout: 9 sec\n',
      'b/base.yaml': variant({ 3: '  url: ftp://x/', 13: '  rate: 5' }, ['polcy: {}']),
    };
    const { problems } = refusal(files);
    expect(problems.map((each) => `${each.file}:${each.line}:${each.column} ${each.path}`).sort()).toEqual([
      'a/child.yaml:2:26 rollout.minInService',
      'b/base.yaml:14:1 polcy',
      'b/base.yaml:3:8 service.url',
      'b/middle.yaml:4:12 traffic.timeout',
    ]);
    expect(problems.find((each) => each.path === 'traffic.timeout')?.sourceLine).toBe('  timeout: 9 sec');
  });

  it('points at the child for what a map of both lacks', () => {
    const parent = variant({ 10: '  wait: sleep' });
    const [problem] = refusal({
      'c.yaml': 'extends: base.yaml\n\nrollout:\n  minInService: 1\n',
      'base.yaml': parent,
    }).problems;
    expect(problem).toMatchObject({
      file: 'c.yaml',
      line: 3,
      column: 1,
      path: 'rollout.version',
      message: 'is missing',
    });
  });

  it('resolves paths against the file that wrote them', () => {
    const parent = variant({ 11: '  deploy: { command: [./go], cwd: scripts }' });
    const child = 'extends: base/base.yaml\nservice: { url: "http://lab.local/" }\ntraffic: { tls: { ca: ca.pem } }\n';
    const { scenario } = loadScenario('top/c.yaml', memoryIo({ 'top/c.yaml': child, 'top/base/base.yaml': parent }));
    expect(scenario.rollout.deploy).toMatchObject({ cwd: 'top/base/scripts' });
    expect(scenario.traffic.tls.caFile).toBe('top/ca.pem');
    const absolute = variant({ 11: '  deploy: { command: [./go], cwd: /srv/app }' });
    expect(loadScenario('top/c.yaml', memoryIo({ 'top/c.yaml': absolute })).scenario.rollout.deploy).toMatchObject({
      cwd: '/srv/app',
    });
  });

  it.each([
    [
      'a circle',
      { 'a.yaml': 'extends: b.yaml\n', 'b.yaml': 'name: x\nextends: ./a.yaml\n' },
      'b.yaml:2:10',
      /circle: a\.yaml → b\.yaml → a\.yaml/,
    ],
    ['itself', { 'd/a.yaml': 'extends: ../d/a.yaml\n' }, 'd/a.yaml:1:10', /circle/],
    [
      'a missing file',
      { 'd/a.yaml': 'extends: ../gone.yaml\n' },
      'd/a.yaml:1:10',
      /cannot read "gone\.yaml": there is no such file/,
    ],
    ['nothing', { 'a.yaml': 'extends:\n' }, 'a.yaml:1:1', /extends is empty/],
    ['a list', { 'a.yaml': 'extends: [b.yaml]\n' }, 'a.yaml:1:10', /takes one file/],
    ['an unset variable', { 'a.yaml': 'extends: ${BASE}\n' }, 'a.yaml:1:10', /BASE is not set/],
    ['broken YAML', { 'a.yaml': 'extends: b.yaml\n', 'b.yaml': 'a: [\n' }, 'b.yaml:2:1', /not valid YAML/],
  ] as const)('refuses %s', (_, files, where, message) => {
    const [problem] = refusal(files).problems;
    expect(`${problem.file}:${problem.line}:${problem.column}`).toBe(where);
    expect(problem.message).toMatch(message);
  });

  it('reads a long chain, but not an endless one', () => {
    const chain = (length: number) =>
      Object.fromEntries([
        ...Array.from({ length }, (_, i) => [`f${i}.yaml`, `extends: f${i + 1}.yaml\n`] as const),
        [`f${length}.yaml`, variant()] as const,
      ]);
    expect(loadScenario('f0.yaml', memoryIo(chain(10))).scenario.name).toBe('shop');
    expect(refusal(chain(40)).problems[0].message).toMatch(/more than 16 files/);
  });
});
