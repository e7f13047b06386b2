import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escaped, html, raw, scriptJson } from '../../../src/report/html/markup.js';
import { oneLine, visibleText } from '../../../src/report/visible-text.js';

const UNSAFE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]|\p{Surrogate}/u;
const anyText = fc.string({ unit: 'binary', maxLength: 60 });
// Raw UTF-16 code units, so that lone surrogates occur.
const anyUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
  .map((codes) => String.fromCharCode(...codes));

describe('visibleText', () => {
  it('strips colours, pictures control characters, replaces what is no text', () => {
    expect(visibleText('a\u001b[1;31mred\u001b[0mb')).toBe('aredb');
    expect(visibleText('\u001b]8;;http://x\u0007link\u001b]8;;\u001b\\')).toBe('link');
    expect(visibleText('\u0000\u0007\u001b\u007f')).toBe('\u2400\u2407\u241b\u2421');
    expect(visibleText('\ud800x\udc00\uffff')).toBe('\ufffdx\ufffd\ufffd');
    expect(visibleText('\u202egnp')).toBe('\\u202egnp');
    expect(visibleText('a\r\nb\rc\td')).toBe('a\nb\nc\td');
    expect(visibleText('😀 é 漢')).toBe('😀 é 漢');
  });
  it('never hides text behind an unfinished escape sequence', () => {
    expect(visibleText('\u001b]0;secret error')).toContain('secret error');
    expect(visibleText('\u001b[')).toBe('\u241b[');
  });
  it('leaves nothing unsafe, for any text', () => {
    fc.assert(fc.property(fc.oneof(anyText, anyUnits), (text) => !UNSAFE.test(visibleText(text))));
  });
  it('cuts a line without splitting a character', () => {
    const cut = oneLine('😀'.repeat(50), 20);
    expect(cut.length).toBeLessThanOrEqual(20);
    expect(cut).not.toMatch(/\p{Surrogate}/u);
    expect(oneLine('a\n\n b')).toBe('a ⏎ b');
  });
});

describe('html', () => {
  it('escapes strings, keeps markup, flattens lists, drops nothing-values', () => {
    const inner = html`<b>${'<i>'}</b>`;
    expect(html`${inner}${[1, '&', null, [false, undefined, raw('<br>')]]}`.text).toBe('<b>&lt;i&gt;</b>1&amp;<br>');
  });
  it('does not take look-alikes for markup', () => {
    const forged = JSON.parse('{"text":"<img>"}');
    expect(html`${forged}`.text).not.toContain('<img');
  });
  it('lets no text out of an element or a double-quoted attribute', () => {
    fc.assert(fc.property(fc.oneof(anyText, anyUnits), (text) => !/[<>"'`]/.test(escaped(text))));
  });
});

describe('scriptJson', () => {
  it('round-trips harmless text and cannot end its element', () => {
    expect(JSON.parse(scriptJson({ a: '</script><!--', b: [1, null] }).text)).toEqual({
      a: '</script><!--',
      b: [1, null],
    });
    fc.assert(
      fc.property(fc.oneof(anyText, anyUnits), (text) => {
        const json = scriptJson({ text }).text;
        expect(json).not.toMatch(/[<>&\u2028\u2029]/);
        expect(JSON.parse(json)).toEqual({ text: visibleText(text) });
      }),
    );
  });
});
