import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const read = (file: string) => readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');

interface Step {
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, { permissions?: Readonly<Record<string, string>>; steps: readonly Step[] }>>;
}
const workflow = (name: string) => parse(read(`.github/workflows/${name}.yml`)) as Workflow;
const runs = (steps: readonly Step[]) => steps.flatMap(({ run }) => run ?? []);

describe('packaging', () => {
  it('publishes from CI with an identity and no token, after the tests', () => {
    const { permissions, jobs } = workflow('publish');
    expect(permissions).toEqual({ contents: 'read' });
    expect(jobs.npm?.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
    expect(read('.github/workflows/publish.yml')).not.toMatch(/secrets\.|NODE_AUTH_TOKEN/);
    const steps = jobs.npm?.steps ?? [];
    expect(steps.find((step) => step.uses?.startsWith('actions/setup-node'))?.with?.['node-version']).toBe('24');
    const order = ['npm ci', 'npm test', 'npm run pack:check', 'npm publish --access public'];
    expect(runs(steps).filter((run) => order.includes(run))).toEqual(order);
  });

  it('tests in CI what npm test tests, on the oldest Node that is promised', () => {
    const { jobs } = workflow('ci');
    expect(runs(jobs.test?.steps ?? [])).toContain('npm test');
    expect(read('.github/workflows/ci.yml')).toContain(`'${read('package.json').match(/"node": ">=([\d.]+)"/)?.[1]}'`);
  });

  it('builds the image on pinned bases, from stages that are there, and runs it as nobody special', () => {
    const lines = read('Dockerfile')
      .split('\n')
      .filter((line) => /^[A-Z]/.test(line));
    const args = Object.fromEntries(
      lines.flatMap((line) => [...line.matchAll(/^ARG (\w+)=(.+)$/g)].map((m) => [m[1], m[2]])),
    );
    const froms = lines.flatMap((line) => [...line.matchAll(/^FROM (\S+)(?: AS (\w+))?$/g)]);
    const bases = froms.map((m) => (m[1] ?? '').replace(/\$\{(\w+)\}/g, (_, name: string) => args[name] ?? ''));
    expect(bases).toHaveLength(3);
    for (const base of bases) expect(base).toMatch(/^[a-z0-9/]+:\d+\.\d+\.\d+(-[a-z0-9-]+)?$/);
    // As new as the package promises, and the same in both stages.
    expect(Number(bases[1]?.match(/:(\d+)/)?.[1])).toBeGreaterThanOrEqual(20);
    expect(bases[2]).toBe(bases[1]);
    const stages = froms.map((m) => m[2]);
    for (const line of lines) expect([undefined, ...stages]).toContain(line.match(/^COPY --from=(\w+)/)?.[1]);
    const at = (start: string) => lines.findLastIndex((line) => line.startsWith(start));
    // What is made as root is owned by the user before it becomes a volume, and nothing is made after.
    expect(lines[at('RUN')]).toContain('chown node:node /work /state');
    expect(Math.max(at('RUN'), at('COPY'))).toBeLessThan(at('VOLUME'));
    expect(at('VOLUME')).toBeLessThan(at('USER node'));
    expect(lines[at('ENTRYPOINT')]).toBe('ENTRYPOINT ["rollproof"]');
  });

  it('puts the k6 into the image that the tests run, and copies nothing into the build that is needed for it', () => {
    const image = read('Dockerfile');
    const tested = read('.ci/tools').match(/^k6_version=v(.*)$/m)?.[1];
    expect(image).toContain(`FROM grafana/k6:${tested} AS k6`);
    expect(image).toMatch(/^USER node$/m);
    const ignored = read('.dockerignore').trim().split('\n');
    const needed = ['src', 'vendor', 'scenarios', 'docs', 'package-lock.json', 'build.mjs', '.npmrc'];
    expect(needed.filter((path) => ignored.includes(path))).toEqual([]);
  });
});
