import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/domain/result.js';
import { MARKDOWN_MAX_BYTES, renderMarkdown } from '../../src/report/markdown.js';
import { markdownText } from '../../src/report/markdown-escape.js';
import { failResult, HOSTILE_TEXT, hostileResult, inconclusiveResult, passResult } from './fixture-results.js';

/** Ten thousand of everything, all of it long. */
function huge(): RunResult {
  const fail = hostileResult();
  const many = <T>(items: readonly T[]): T[] => Array.from({ length: 10_000 }, (_, i) => items[i % items.length]!);
  const long = HOSTILE_TEXT.repeat(2000);
  return {
    ...fail,
    verdict: { ...fail.verdict, sentence: long, nextAction: long },
    claims: { ...fail.claims, sentences: many([long]) },
    outages: many(fail.outages),
    phases: many(fail.phases),
    replacements: many(fail.replacements),
    checks: many(fail.checks),
    errors: many(fail.errors),
    run: { ...fail.run, stillDetached: many([long]), id: long, toolVersion: long },
  };
}

describe('report.md', () => {
  test('starts with the verdict and holds the sentence, the cause and the phases', () => {
    const text = renderMarkdown(failResult());
    expect(text.split('\n')[0]).toBe('## ❌ FAIL: checkout');
    for (const part of [
      '189 of 5,927 failed',
      'ROUTED_TO_STOPPED',
      '`DOWNTIME_OBSERVED`',
      '| staging-1:down |',
      '**189**',
      '2.59 s … 2.63 s',
    ]) {
      expect(text).toContain(part);
    }
    expect(renderMarkdown(passResult())).toMatch(/^## ✅ PASS: checkout[\s\S]*### What this run proves/);
    expect(renderMarkdown(inconclusiveResult())).toContain('### What this run shows');
    expect(text).not.toContain('\u00a0');
  });

  test('every table row has as many cells as its head, hostile text or not', () => {
    for (const result of [failResult(), hostileResult()]) {
      const cells = (line: string) => line.split(/(?<!\\)\|/).length;
      const blocks = renderMarkdown(result)
        .split('\n\n')
        .filter((block) => block.startsWith('|'));
      expect(blocks.length).toBeGreaterThan(3);
      for (const block of blocks) {
        const lines = block.split('\n');
        expect(new Set(lines.map(cells)).size, block.slice(0, 200)).toBe(1);
      }
    }
  });

  test('hostile text makes no tag, link, code span or control character', () => {
    const text = renderMarkdown(hostileResult());
    expect(text.replaceAll(/<\/?sub>/g, '')).not.toMatch(/(?<!\\)</);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e\ufffe]/);
    expect(text).not.toMatch(/(?<!\\)`\$/);
  });

  test('is never larger than the limit and says what it left out', () => {
    const text = renderMarkdown(huge());
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MARKDOWN_MAX_BYTES);
    expect(text).toMatch(/more rows in report\.html|left out here: see report\.html/);
    expect(text).toContain('FAIL');
  });

  test('escaping keeps figures readable and stops every construct', () => {
    expect(markdownText('0.00 % of 1,000')).toBe('0.00 % of 1,000');
    expect(markdownText('1. item')).toBe('1\\. item');
    expect(markdownText('- item')).toBe('\\- item');
    expect(markdownText('[x](http://a) www.b.c @me <b> a|b')).toBe(
      '\\[x\\](http\\://a) www\\.b.c @\u2060me \\<b\\> a\\|b',
    );
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 40 }),
        (text) => !/[\n\r]|(?<!\\)(\\\\)*[`*_[\]<>|]/.test(markdownText(text)),
      ),
    );
  });
});
