import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScenarioProblem } from '../../src/config/problem.js';
import { formatProblems } from '../../src/config/problem-text.js';
import { refusal, variant } from './memory-io.js';

const problem = (sourceLine: string, column: number, more: Partial<ScenarioProblem> = {}): ScenarioProblem => ({
  file: 's.yaml',
  line: 7,
  column,
  path: 'a.b',
  message: 'is wrong',
  hint: 'mend it',
  sourceLine,
  ...more,
});

describe('formatProblems', () => {
  it('shows place, line, caret and hint', () => {
    expect(formatProblems(refusal(variant({ 13: '  rate: 200 rps' })).problems)).toBe(
      [
        's.yaml:13:9 traffic.rate: "200 rps" is not a rate',
        '  13 |   rate: 200 rps',
        '     |         ^',
        '  hint: write 200/s or 12000/m; a bare number is per second',
      ].join('\n'),
    );
  });
  it('keeps tabs, wide and combining characters aligned', () => {
    expect(formatProblems([problem('a:\t\tx', 5)])).toContain('  7 | a:\t\tx\n    |   \t\t^');
    expect(formatProblems([problem('表: x', 4)])).toContain('\n    |     ^');
    expect(formatProblems([problem('e\u0301: x', 5)])).toContain('\n    |    ^');
    expect(formatProblems([problem('😀: x', 5)])).toContain('\n    |     ^');
  });
  it('cuts long lines around the caret', () => {
    const text = formatProblems([problem(`${'a'.repeat(500)}!${'b'.repeat(500)}`, 501)]);
    const [, source = '', caret = ''] = text.split('\n');
    expect(source.length).toBeLessThan(140);
    expect(source[caret.indexOf('^')]).toBe('!');
    expect(source).toMatch(/\| …a+!b+…$/);
  });
  it('lets nothing in a file act on a terminal', () => {
    const nasty = 'x: \u001b[31mred\u0007 \u202eevil \u2028line \u009b1m';
    const text = formatProblems([problem(nasty, 4, { message: `"${nasty}"`, path: nasty, hint: nasty, file: nasty })]);
    expect(text).toContain('\\x1b[31mred\\x07 \\u{202e}evil \\u{2028}line \\x9b1m');
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });
  it('stays on its four lines whatever the line holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), fc.nat(), (line, at) => {
        const oneLine = line.replace(/[\r\n]/g, ' ');
        const text = formatProblems([problem(`k${oneLine}`, 1 + (at % (oneLine.length + 1)))]);
        expect(text.split('\n')).toHaveLength(4);
        expect(text.replace(/[\n\t]/g, '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
  it('hides a password in a URL', () => {
    expect(formatProblems(refusal(variant({ 3: '  url: https://me:hunter2@x/' })).problems)).not.toContain('hunter2');
  });
  it('stops after a page and says how many are left', () => {
    const many = Array.from({ length: 60 }, () => problem('a', 1));
    expect(formatProblems(many)).toMatch(/… and 10 more problems$/);
    expect(formatProblems(many, { max: 59 })).toMatch(/… and 1 more problem$/);
    expect(formatProblems([])).toBe('');
  });
  it('leaves out the line where there is none', () => {
    expect(formatProblems([problem('', 1, { path: '', hint: null })])).toBe('s.yaml:7:1: is wrong');
  });
});
