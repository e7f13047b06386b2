import { visibleText } from './visible-text.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Untrusted text as XML character data: no control characters, no lone surrogates, no markup, at most `limit` characters. */
export function xmlText(text: string, limit = 4000): string {
  const safe = visibleText(text);
  const cut = safe.length <= limit ? safe : `${visibleText(safe.slice(0, limit - 1))}…`;
  return cut.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}

/** Untrusted text as an attribute value: newlines and tabs are written as references, or the parser would drop them. */
export function xmlAttribute(text: string, limit = 1000): string {
  return xmlText(text, limit).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
}
