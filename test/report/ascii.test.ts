import { describe, expect, it } from 'vitest';
import { asciiText, isAsciiLocale } from '../../src/report/ascii.js';
import { renderConsole } from '../../src/report/console.js';
import { failResult, hostileResult } from './fixture-results.js';

describe('terminals without Unicode', () => {
  it.each([
    [{}, false],
    [{ LANG: 'en_US.UTF-8' }, false],
    [{ LANG: 'C.utf8' }, false],
    [{ LANG: 'C' }, true],
    [{ LANG: 'en_US.UTF-8', LC_ALL: 'POSIX' }, true],
    [{ LC_ALL: '', LC_CTYPE: 'ISO-8859-1', LANG: 'x.UTF-8' }, true],
  ])('%j: ASCII only is %s', (env, isAscii) => {
    expect(isAsciiLocale(env)).toBe(isAscii);
  });

  it('says the whole summary in ASCII', () => {
    for (const result of [failResult(), hostileResult()]) {
      const text = asciiText(renderConsole(result, { color: false, paths: {} }));
      expect(text).toMatch(/^[\n\x20-\x7e]+$/);
      expect(text).toMatch(/^x FAIL /);
    }
  });

  it('keeps the width of wide characters', () => {
    expect(asciiText('サ✓é')).toBe('??+?');
  });
});
