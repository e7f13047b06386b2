const PLACEHOLDER = /\{\{\s*([^{}]+?)\s*\}\}/g;

/** A text with `{{column}}` in it, taken apart: `fixed[0] column[0] fixed[1] column[1] … fixed[n]`. */
export interface SplitText {
  readonly fixed: readonly string[];
  readonly columns: readonly string[];
}

/** Takes a text apart at its placeholders; without any, `fixed` is the text itself. */
export function splitAtPlaceholders(text: string): SplitText {
  const parts = text.split(PLACEHOLDER);
  return { fixed: parts.filter((_, i) => i % 2 === 0), columns: parts.filter((_, i) => i % 2 === 1) };
}
