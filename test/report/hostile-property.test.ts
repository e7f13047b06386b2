import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ciOutput } from '../../src/report/ci/ci-output.js';
import { renderConsole } from '../../src/report/console.js';
import { renderHtml } from '../../src/report/html/report-html.js';
import { renderJunit } from '../../src/report/junit.js';
import { renderMarkdown } from '../../src/report/markdown.js';
import { renderRunsIndex } from '../../src/report/runs/index-page.js';
import { summaryOf } from '../../src/report/runs/run-summary.js';
import { failResult, poisoned } from './fixture-results.js';
import { tagsOf } from './html/skeleton.js';

const assets = { css: '', pageJs: '', uplotJs: '', uplotCss: '', charts: [] };
const clean = { ...failResult(), failures: failResult().failures.slice(0, 5) };
/** Pieces that mean something to a parser somewhere, between any characters at all. */
const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    '<',
    '>',
    '"',
    "'",
    '`',
    '&',
    '</script>',
    '<!--',
    '-->',
    ']]>',
    '\u001b[2J',
    '\u009b31m',
    '\u001b]0;',
  ),
  fc.constantFrom(
    '\n::error::',
    '##[group]',
    '\r',
    '\u0000',
    '\u202e',
    '\ud800',
    '\ufffe',
    '|',
    '\n\n# x\n',
    '[a](b)',
    '@all',
  ),
);
const hostile = fc.array(piece, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
const env = { GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: '/o', GITHUB_STEP_SUMMARY: '/s' };
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|\p{Surrogate}/u;

describe('whatever text the facts hold', () => {
  it('no renderer lets it become structure', () => {
    const harmless = tagsOf(renderHtml(poisoned(clean, 'x'), assets));
    const names = harmless.map((t) => t.name).join(' ');
    const known = new Set([...harmless.flatMap((t) => [...t.attributes.keys()]), 'visibility']);
    const lines = renderConsole(poisoned(clean, 'x'), { color: false, paths: {} }).split('\n').length;
    fc.assert(
      fc.property(hostile, (text) => {
        const result = poisoned(clean, text);
        const html = renderHtml(result, assets);
        const tags = tagsOf(html);
        expect(tags.map((t) => t.name).join(' ')).toBe(names);
        expect(tags.flatMap((t) => [...t.attributes.keys()]).filter((n) => !known.has(n))).toEqual([]);
        const junit = renderJunit(result);
        expect(
          junit.replace(
            /<\/?(testsuites?|testcase|propert(y|ies)|failure|error|skipped|system-out)\b[^<>]*>|^<\?xml[^<>]*>/g,
            '',
          ),
        ).not.toMatch(/[<>]/);
        const said = renderConsole(result, { color: false, paths: {} });
        expect(said.split('\n')).toHaveLength(lines);
        const markdown = renderMarkdown(result);
        expect(markdown.replace(/^<sub>|<\/sub>$/gm, '')).not.toMatch(/(?<!\\)</);
        const ci = ciOutput(result, env, { report: 'r', junit: 'j', scenario: null });
        for (const line of ci?.lines ?? []) expect(line).not.toMatch(/[\r\n]/);
        expect(ci?.appends.find((a) => a.path === '/o')?.text.split('\n')).toHaveLength(8);
        const index = renderRunsIndex(
          [
            {
              path: [text, text.replaceAll(/\p{Surrogate}/gu, '')].map((p) => p.toWellFormed()),
              summary: summaryOf(result),
            },
          ],
          0,
          '',
        );
        expect(() => tagsOf(index)).not.toThrow();
        for (const out of [html, junit, said, markdown, index, ...(ci?.lines ?? [])]) expect(out).not.toMatch(CONTROL);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
