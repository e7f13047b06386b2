import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checksMarkdown, verdictCodesMarkdown } from '../../src/checks/docs.js';
import { CHECKS } from '../../src/checks/index.js';
import { VERDICT_CODES, WARNING_CODES } from '../../src/domain/verdict.js';

const doc = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

describe('docs of the checks', () => {
  it('are what the checks say', () => {
    expect(doc('checks.md')).toBe(checksMarkdown(CHECKS));
    expect(doc('verdict-codes.md')).toBe(verdictCodesMarkdown(CHECKS));
  });

  it('explain every code, and every check has an id of its own', () => {
    const documented = new Set(CHECKS.flatMap(({ meta }) => Object.keys(meta.docs)));
    const codes = [...VERDICT_CODES, ...WARNING_CODES].filter((code) => code !== 'TOOL_ERROR');
    expect(codes.filter((code) => !documented.has(code))).toEqual([]);
    expect(new Set(CHECKS.map(({ meta }) => meta.id)).size).toBe(CHECKS.length);
  });
});
