import type { ScenarioProblem } from './problem.js';

/** Columns of source shown before a line is cut. */
const MAX_COLUMNS = 120;
/** Characters kept before the caret when a long line is cut. */
const BEFORE_CARET = 40;
const MAX_MESSAGE = 600;
const TAB = '\t';

/**
 * Plain text for a terminal or a CI log: `file:line:column path: message`, the source line, a caret under the column,
 * then the hint. No colour; nothing in the file can move the cursor or forge a line.
 */
export function formatProblems(problems: readonly ScenarioProblem[], options: { readonly max?: number } = {}): string {
  const max = options.max ?? 50;
  const blocks = problems.slice(0, max).map(formatProblem);
  const left = problems.length - blocks.length;
  if (left > 0) blocks.push(`… and ${left} more ${left === 1 ? 'problem' : 'problems'}`);
  return blocks.join('\n\n');
}

function formatProblem(problem: ScenarioProblem): string {
  const path = problem.path === '' ? '' : ` ${plainText(problem.path, MAX_MESSAGE)}`;
  const where = `${plainText(problem.file, MAX_MESSAGE)}:${problem.line}:${problem.column}`;
  const lines = [`${where}${path}: ${plainText(problem.message, MAX_MESSAGE)}`];
  if (problem.sourceLine.trim() !== '') {
    const excerpt = excerptOf(problem.sourceLine, problem.column);
    const gutter = `${problem.line} | `;
    lines.push(`  ${gutter}${excerpt.text}`, `  ${' '.repeat(gutter.length - 2)}| ${excerpt.indent}^`);
  }
  if (problem.hint !== null) lines.push(`  hint: ${plainText(problem.hint, MAX_MESSAGE)}`);
  return lines.join('\n');
}

/** The part of the line to show and the white space that puts a caret under `column`; tabs stay tabs in both. */
function excerptOf(line: string, column: number): { readonly text: string; readonly indent: string } {
  const masked = withoutPassword(line);
  const at = Math.min(column - 1, masked.length);
  let from = 0;
  let to = masked.length;
  if (masked.length > MAX_COLUMNS) {
    from = Math.max(0, Math.min(at - BEFORE_CARET, masked.length - MAX_COLUMNS));
    to = Math.min(masked.length, from + MAX_COLUMNS);
    // Never cut a surrogate pair in two.
    if (isLowSurrogate(masked, from)) from -= 1;
    if (isLowSurrogate(masked, to)) to += 1;
  }
  const head = (from > 0 ? '…' : '') + escaped(masked.slice(from, at));
  const tail = escaped(masked.slice(at, to)) + (to < masked.length ? '…' : '');
  return { text: head + tail, indent: indentLike(head) };
}

function isLowSurrogate(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** A password in a URL is not repeated; same length, so that the caret stays put. */
function withoutPassword(line: string): string {
  return line.replace(
    /(:\/\/)([^\s/@"']+)@/g,
    (_, slashes: string, user: string) => `${slashes}${'*'.repeat(user.length)}@`,
  );
}

/** One line of untrusted text without control, bidirectional or invisible characters, cut to `max` characters. */
export function plainText(text: string, max: number): string {
  const short = text.length > max ? `${text.slice(0, max - 1)}…` : text;
  return escaped(short).replaceAll(TAB, '\\t');
}

/** A value as it appears in a message: quoted, escaped and short. */
export function quoted(value: string): string {
  return `"${plainText(value, 60).replaceAll('"', '\\"')}"`;
}

/** Everything but tabs that a terminal would act on or hide becomes visible. */
function escaped(text: string): string {
  return text.replace(/[^\P{C}\t]|[\p{Zl}\p{Zp}]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** White space as wide as `text` on a terminal: wide characters take two cells, combining marks none. */
function indentLike(text: string): string {
  let indent = '';
  for (const char of text) {
    if (char === TAB) indent += TAB;
    else if (/\p{M}/u.test(char)) continue;
    else
      indent +=
        /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
          char,
        )
          ? '  '
          : ' ';
  }
  return indent;
}
