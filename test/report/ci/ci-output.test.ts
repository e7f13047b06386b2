import { describe, expect, it } from 'vitest';
import { ciOutput, SUMMARY_MAX_BYTES } from '../../../src/report/ci/ci-output.js';
import { detectCi } from '../../../src/report/ci/detect.js';
import { ANNOTATIONS_MAX, githubCommand } from '../../../src/report/ci/github.js';
import { failResult, hostileResult, passResult } from '../fixture-results.js';

const GITHUB = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: '/s.md', GITHUB_OUTPUT: '/o.txt' };
const GITLAB = { GITLAB_CI: 'true', CI_JOB_URL: 'https://gitlab.test/g/p/-/jobs/7' };
const JENKINS = { JENKINS_URL: 'https://j.test/', BUILD_NUMBER: '7', BUILD_URL: 'https://j.test/job/a/7/' };
const GOCD = { GO_PIPELINE_NAME: 'a', GO_SERVER_URL: 'https://go.test/go' };
const paths = { report: 'reports/a b/report.html', junit: 'reports/a b/junit.xml', scenario: 'deploy.yaml' };

/** As the runner reads it: GitHub's ActionCommand.TryParseV2 and its unescaping. */
function parsed(line: string) {
  const match = /^::([a-z-]+) (.*?)::(.*)$/s.exec(line.trimStart());
  if (match === null) return null;
  const plain = (text: string) => text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
  const properties = (match[2] ?? '').split(',').map((p) => p.split('=', 2));
  return {
    name: match[1],
    properties: Object.fromEntries(
      properties.map(([k, v = '']) => [k, plain(v.replaceAll('%3A', ':').replaceAll('%2C', ','))]),
    ),
    data: plain(match[3] ?? ''),
  };
}

describe('CI servers', () => {
  it.each([
    ['github', GITHUB],
    ['gitlab', GITLAB],
    ['jenkins', JENKINS],
    ['gocd', GOCD],
    [null, {}],
    [null, { CI: 'true' }],
    [null, { GITHUB_ACTIONS: 'false' }],
    ['gocd', { ...GITHUB, ...GOCD }],
  ] as const)('knows %s by its variables', (name, env) => {
    expect(detectCi(env)).toBe(name);
  });

  it('says nothing to a person', () => {
    expect(ciOutput(failResult(), {}, paths)).toBeNull();
  });

  it('annotates a FAIL with its sentence, its place and its outages', () => {
    const output = ciOutput(failResult(), GITHUB, paths);
    const commands = output?.lines.map(parsed) ?? [];
    expect(commands.length).toBeLessThanOrEqual(ANNOTATIONS_MAX);
    expect(commands[0]).toMatchObject({
      name: 'error',
      properties: { title: 'FAIL: checkout', file: 'deploy.yaml', line: '1' },
      data: expect.stringContaining('requests failed'),
    });
    expect(commands[1]?.properties.title).toMatch(/^Outage 0:/);
  });

  it('is no error for a PASS, and leaves the place out when the scenario lies elsewhere', () => {
    const [line = ''] = ciOutput(passResult(), GITHUB, { ...paths, scenario: null })?.lines ?? [];
    expect(parsed(line)).toMatchObject({ name: 'notice', properties: { title: 'PASS: checkout' } });
    expect(line).not.toContain('file=');
  });

  it('keeps to five annotations and one MiB whatever the number of outages', () => {
    const result = failResult();
    const [outage] = result.outages;
    if (outage === undefined) throw new Error('the fixture has no outage');
    const many = { ...result, outages: Array.from({ length: 5_000 }, (_, index) => ({ ...outage, index })) };
    const output = ciOutput(many, GITHUB, paths);
    expect(output?.lines).toHaveLength(ANNOTATIONS_MAX);
    const summary = output?.appends.find((a) => a.path === '/s.md');
    expect(Buffer.byteLength(summary?.text ?? '')).toBeLessThan(SUMMARY_MAX_BYTES / 8);
    expect(summary?.maxBytes).toBe(SUMMARY_MAX_BYTES);
  });

  it('lets no hostile text start a command or another output', () => {
    const output = ciOutput(hostileResult(), GITHUB, paths);
    for (const line of output?.lines ?? []) {
      expect(line).not.toMatch(/[\r\n\u001b]/);
      expect(parsed(line)?.name).toBe('error');
    }
    const outputs = output?.appends.find((a) => a.path === '/o.txt')?.text ?? '';
    expect(
      outputs
        .trimEnd()
        .split('\n')
        .map((l) => l.split('=')[0]),
    ).toEqual(['verdict', 'exit-code', 'failed', 'judged', 'outages', 'report', 'junit']);
    expect(githubCommand('error', { title: 'a,file=x::y\n' }, '100%\n::stop-commands::x')).toBe(
      '::error title=a%2Cfile=x%3A%3Ay%0A::100%25%0A::stop-commands::x',
    );
  });

  it('says where GitLab, Jenkins and GoCD will show the page', () => {
    expect(ciOutput(failResult(), GITLAB, paths)?.lines.join('\n')).toContain(
      'https://gitlab.test/g/p/-/jobs/7/artifacts/file/reports/a%20b/report.html',
    );
    expect(ciOutput(failResult(), JENKINS, paths)?.lines.join('\n')).toContain(
      'https://j.test/job/a/7/artifact/reports/a%20b/report.html',
    );
    expect(ciOutput(failResult(), GOCD, paths)?.lines.join('\n')).toContain('custom tab');
    expect(ciOutput(failResult(), GITLAB, { ...paths, report: null })?.lines.join('\n')).toContain('outside');
  });
});
