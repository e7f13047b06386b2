import { visibleText } from '../visible-text.js';

declare const brand: unique symbol;
/** Text that is already safe HTML. Only `html`, `raw` and `joined` make it. */
export interface Markup {
  readonly text: string;
  readonly [brand]: true;
}

class MarkupText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What `html` accepts in a hole; strings are escaped, `null` and `false` vanish. */
export type Hole = Markup | string | number | null | undefined | false | readonly Hole[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Untrusted text made visible and safe in element content and in quoted attributes. */
export function escaped(text: string): string {
  return visibleText(text).replace(/[&<>"'`]/g, (c) => ENTITIES[c] ?? c);
}

/** Declares text to be HTML. For constants and generated blocks only; never give it anything that came from outside. */
export function raw(text: string): Markup {
  return new MarkupText(text) as unknown as Markup;
}

function filled(hole: Hole): string {
  if (hole === null || hole === undefined || hole === false) return '';
  if (hole instanceof MarkupText) return hole.text;
  if (Array.isArray(hole)) return hole.map(filled).join('');
  return escaped(String(hole));
}

/** Tagged template: every hole is escaped unless it is Markup. Attribute holes must stand inside double quotes. */
export function html(strings: TemplateStringsArray, ...holes: readonly Hole[]): Markup {
  let text = strings[0] ?? '';
  for (let i = 0; i < holes.length; i++) text += filled(holes[i]) + (strings[i + 1] ?? '');
  return raw(text);
}

/** Data for a `<script type="application/json">`: no `<` and no line separator survives, so it cannot end the element. */
export function scriptJson(data: unknown): Markup {
  const clean = JSON.stringify(data, (_key, value: unknown) =>
    typeof value === 'string' ? visibleText(value) : value,
  );
  return raw(clean.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`));
}
