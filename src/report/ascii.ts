/** What stands for the signs we print ourselves; one column each where the status block needs it. */
const SIGNS: Readonly<Record<string, string>> = {
  '✓': '+',
  '✗': 'x',
  '▸': '>',
  '·': '-',
  '█': '#',
  '░': '.',
  '…': '~',
  '–': '-',
  '−': '-',
  '→': '->',
  '≤': '<=',
  '≥': '>=',
  '±': '+-',
  '×': 'x',
  '“': '"',
  '”': '"',
  '’': "'",
  '⏎': '|',
  '\u00a0': ' ',
};

/** Text for a terminal that cannot show Unicode: our own signs as ASCII ones, anything else as `?`. */
export function asciiText(text: string): string {
  return text.replace(/[^\x00-\x7f]/gu, (char) => SIGNS[char] ?? ((char.codePointAt(0) ?? 0) >= 0x1100 ? '??' : '?'));
}

/**
 * Whether the locale says that output is not UTF-8. Nothing set says nothing: containers and CI set no locale and show
 * UTF-8 well.
 */
export function isAsciiLocale(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((v) => v !== undefined && v !== '');
  return locale !== undefined && !/utf-?8/i.test(locale);
}
