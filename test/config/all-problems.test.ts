// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are the scenario's own.
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/domain/errors.js';
import { refusal, variant } from './memory-io.js';

describe('all problems at once', () => {
  it('collects problems of every kind in one pass, top to bottom', () => {
    const text = variant(
      { 3: '  url: ftp://x/', 8: '  - { id: a, instace: i-2 }', 10: '  version: ${NOPE}', 13: '  rate: zero' },
      ['policy: { slo: 2 }', 'name: twice'],
    );
    expect(refusal(text).problems.map((problem) => [problem.line, problem.path])).toEqual([
      [3, 'service.url'],
      [8, 'targets[1].id'],
      [8, 'targets[1].instace'],
      [10, 'rollout.version'],
      [13, 'traffic.rate'],
      [14, 'policy.slo'],
      [15, ''],
    ]);
  });

  it('keeps cross-field rules silent about what could not be read', () => {
    const text = variant({ 13: '  rate: 200/s\n  timeout: soon\n  lanes: { long: { path: "/h?{ms}", maxHold: 1h } }' });
    expect(refusal(text).problems.map((problem) => problem.path)).toEqual(['traffic.timeout']);
  });

  it('unfolds aliases only so far', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 9; i++)
      lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`);
    const { problems } = refusal(lines.join('\n'));
    expect(problems.some((problem) => /too many values/.test(problem.message))).toBe(true);
  });

  it('points at the right column after a byte order mark and with Windows line ends', () => {
    const text = `\uFEFF${variant({ 13: '  rate: x' }).replaceAll('\n', '\r\n')}`;
    const [problem] = refusal(text).problems;
    expect([problem.line, problem.column, problem.sourceLine]).toEqual([13, 9, '  rate: x']);
    expect(refusal(`\uFEFFnme: x`).problems[0].column).toBe(1);
  });

  it('says so when there is no file', () => {
    const error = refusal({});
    expect(error.code).toBe('SCENARIO_NOT_FOUND');
    expect(error.exitCode).toBe(EXIT.usage);
    expect(error.problems[0]).toMatchObject({
      file: 's.yaml',
      line: 1,
      column: 1,
      message: 'cannot read the scenario: there is no such file',
    });
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('does not repeat a secret that landed in the wrong place', () => {
    const error = refusal(variant({ 13: '  rate: ${API_TOKEN}' }), { API_TOKEN: 'hunter2' });
    expect(JSON.stringify(error.problems)).not.toContain('hunter2');
    expect(error.problems[0].hint).toContain('the value comes from ${API_TOKEN}');
  });
});
