import { VERDICT_CODES, WARNING_CODES } from '../domain/verdict.js';
import type { Check } from './check.js';
import type { NonEmpty } from './index.js';
import { TOOL_ERROR_DOC } from './run-checks.js';

/** The text of docs/checks.md: every check in the order of the reports. A test keeps the file equal to it. */
export function checksMarkdown(checks: NonEmpty<Check>): string {
  const sections = checks.map(({ meta }) => {
    const codes = Object.keys(meta.docs).map((code) => `\`${code}\``);
    return [
      `## ${meta.id}`,
      '',
      `**${meta.title}.** ${meta.why}`,
      '',
      `When it does not hold: *${meta.failureTitle}* (${codes.join(', ')}).`,
    ].join('\n');
  });
  return `${['# Checks', 'Generated from `src/checks`; do not edit by hand. One check, one judgement; the verdict is merged from all of them (docs/verdict-codes.md).', ...sections].join('\n\n')}\n`;
}

/** The text of docs/verdict-codes.md: what each code means and which check gives it. */
export function verdictCodesMarkdown(checks: NonEmpty<Check>): string {
  const rows = (codes: readonly string[]) =>
    ['| code | meaning | check |', '|---|---|---|', ...codes.map((code) => codeRow(code, checks))].join('\n');
  const parts = [
    '# Verdict codes',
    'Generated from `src/checks`; do not edit by hand. A verdict lists all codes of the level that decided it: ERROR (exit 64, 70) before FAIL (1) before interrupted (130, 143) before INCONCLUSIVE (2) before PASS (0).',
    rows(VERDICT_CODES),
    '## Warnings',
    'Warnings never change the exit code.',
    rows(WARNING_CODES),
  ];
  return `${parts.join('\n\n')}\n`;
}

function codeRow(code: string, checks: NonEmpty<Check>): string {
  const found = checks.flatMap(({ meta }) => {
    const doc: string | undefined = (meta.docs as Readonly<Record<string, string>>)[code];
    return doc === undefined ? [] : [{ doc, id: meta.id }];
  });
  if (code === 'TOOL_ERROR') return `| \`${code}\` | ${TOOL_ERROR_DOC} | any |`;
  return `| \`${code}\` | ${found.map((f) => f.doc).join(' ')} | ${found.map((f) => `[${f.id}](checks.md#${f.id})`).join(', ')} |`;
}
