/** Plain words that no YAML reader, 1.1 or 1.2, takes for anything but text. */
const PLAIN = /^[A-Za-z_][A-Za-z0-9_./-]*$/;
const MEANS_SOMETHING = /^(true|false|yes|no|on|off|y|n|null|nan|inf)$/i;

/** A text as a YAML scalar: plain where that is safe, else double-quoted with JSON's escapes, which YAML shares. */
export function yamlText(text: string): string {
  if (PLAIN.test(text) && !MEANS_SOMETHING.test(text)) return text;
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ud800-\udfff]/g,
    (c) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** A flow list of texts. */
export function yamlList(texts: readonly string[], scalar = yamlText): string {
  return `[${texts.map(scalar).join(', ')}]`;
}

/** One word for a POSIX shell. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** One line of words for a POSIX shell. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

const GROOVY_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\\': '\\\\', "'": "\\'" };

/**
 * A Groovy string that nothing is put into: single quotes. Groovy reads `\\u` escapes before anything else, so an end of
 * line must not be one.
 */
export function groovyText(text: string): string {
  const escaped = text.replace(
    /[\\'\n\r]|[^\x20-\x7e]/g,
    (c) => GROOVY_ESCAPES[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `'${escaped}'`;
}
