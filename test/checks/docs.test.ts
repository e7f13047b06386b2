import { describe, expect, it } from 'vitest';
import { checksMarkdown, verdictCodesMarkdown } from '../../src/checks/docs.js';
import { CHECKS } from '../../src/checks/index.js';
import { VERDICT_CODES, WARNING_CODES } from '../../src/domain/verdict.js';

describe('docs of the checks', () => {
  // After a change: npx vitest run test/checks/docs.test.ts -u
  it('are what the checks say', async () => {
    await expect(checksMarkdown(CHECKS)).toMatchFileSnapshot('../../docs/checks.md');
    await expect(verdictCodesMarkdown(CHECKS)).toMatchFileSnapshot('../../docs/verdict-codes.md');
  });

  it('explain every code, and every check has an id of its own', () => {
    const documented = new Set(CHECKS.flatMap(({ meta }) => Object.keys(meta.docs)));
    const codes = [...VERDICT_CODES, ...WARNING_CODES].filter((code) => code !== 'TOOL_ERROR');
    expect(codes.filter((code) => !documented.has(code))).toEqual([]);
    expect(new Set(CHECKS.map(({ meta }) => meta.id)).size).toBe(CHECKS.length);
  });
});
