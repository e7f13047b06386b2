/** What an answer is made of: objects become elements in their order, lists `<member>`s, undefined nothing. */
export type XmlValue = string | number | boolean | Date | readonly XmlValue[] | XmlFields;
/** The fields of one element. */
export interface XmlFields {
  readonly [name: string]: XmlValue | undefined;
}

/** One element. Names are this program's own; every text is escaped. An empty list is an empty element, as AWS sends it. */
export function xmlElement(name: string, value: XmlValue, attributes = '', item = 'member'): string {
  const inner = xmlContent(value, item);
  return inner === '' && typeof value === 'object'
    ? `<${name}${attributes}/>`
    : `<${name}${attributes}>${inner}</${name}>`;
}

/** What stands inside an element; `item` is the name of list entries (`member`, and `item` in EC2's dialect). */
export function xmlContent(value: XmlValue, item: string): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object') return escapeXml(String(value));
  if (isList(value)) return value.map((each) => xmlElement(item, each, '', item)).join('');
  return Object.entries(value)
    .map(([name, field]) => (field === undefined ? '' : xmlElement(name, field, '', item)))
    .join('');
}

function isList(value: readonly XmlValue[] | XmlFields): value is readonly XmlValue[] {
  return Array.isArray(value);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text made safe for element content and attributes; characters XML 1.0 cannot carry become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '')
    .replace(/\r/g, '&#xD;');
}
