/** The styles the terminal output uses; nothing else is emitted. */
const CODES = { red: 31, green: 32, yellow: 33, blue: 34, grey: 90, bold: 1 } as const;
export type StyleName = keyof typeof CODES;

/** Wraps trusted, already escaped text in colour, or leaves it alone. */
export type Style = (name: StyleName, text: string) => string;

/** Colour only where asked for: NO_COLOR, TTY and flags are the caller's to weigh. */
export function ansiStyle(color: boolean): Style {
  return color ? (name, text) => `\u001b[${CODES[name]}m${text}\u001b[0m` : (_name, text) => text;
}
