/** A parsed element; `text` is its own character data, references resolved. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
/** The characters XML 1.0 allows (production 2). */
const ALLOWED = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
const NAME = /^[A-Za-z_][\w.-]*/;

/** Parses XML as strictly as we need and throws on the first thing that is not well-formed; knows no DOCTYPE, CDATA or comments. */
export function xmlDocument(source: string): XmlElement {
  if (!ALLOWED.test(source)) throw new Error('a character XML does not allow');
  let rest = source;
  const take = (pattern: RegExp): RegExpMatchArray => {
    const found = rest.match(pattern);
    if (found?.index !== 0) throw new Error(`expected ${pattern} at ${JSON.stringify(rest.slice(0, 60))}`);
    rest = rest.slice(found[0].length);
    return found;
  };
  take(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/);
  const element = (): XmlElement => {
    take(/^</);
    const name = take(NAME)[0];
    const attributes: Record<string, string> = {};
    while (/^\s+[A-Za-z]/.test(rest)) {
      take(/^\s+/);
      const key = take(NAME)[0];
      if (key in attributes) throw new Error(`attribute ${key} twice`);
      // A parser turns raw newlines and tabs of attributes into spaces: they must have been references.
      attributes[key] = resolved(take(/^="([^"<\n\t]*)"/)[1]!);
    }
    const made: XmlElement = { name, attributes, children: [], text: '' };
    if (rest.startsWith('/>')) {
      take(/^\/>/);
      return made;
    }
    take(/^>/);
    while (!rest.startsWith('</')) {
      if (rest.startsWith('<')) made.children.push(element());
      else made.text += resolved(take(/^[^<]+/)[0]);
    }
    take(/^<\//);
    if (take(NAME)[0] !== name) throw new Error(`${name} is not closed`);
    take(/^\s*>/);
    return made;
  };
  const root = element();
  take(/^\s*$/);
  return root;
}

function resolved(raw: string): string {
  if (raw.includes(']]>')) throw new Error(']]> in character data');
  return raw.replace(/&([^;]*);|&/g, (whole, name: string | undefined) => {
    const code = name?.match(/^#(\d+)$/)?.[1];
    const text = code === undefined ? ENTITIES[name ?? ''] : String.fromCodePoint(Number(code));
    if (text === undefined) throw new Error(`bad reference ${whole}`);
    return text;
  });
}
