/** One tag as written: its name and its attributes' names and values. */
export interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

const TAG = /^<(\/?[a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z_:][\w:.-]*(?:="[^"<]*")?)*)\s*\/?>/;

/**
 * The tags of a page, read strictly: outside script and style every `<` must open a well-formed tag with
 * double-quoted values, so text that could be read as markup by any parser is an error here.
 */
export function tagsOf(page: string): readonly Tag[] {
  const tags: Tag[] = [];
  let rest = page.replace(/^<!doctype html>/, '');
  for (;;) {
    const next = rest.indexOf('<');
    if (next < 0) return tags;
    rest = rest.slice(next);
    const match = TAG.exec(rest);
    if (match === null) throw new Error(`not a tag of ours: ${JSON.stringify(rest.slice(0, 120))}`);
    const name = (match[1] ?? '').toLowerCase();
    const attributes = new Map<string, string>();
    for (const [, key = '', value = ''] of (match[2] ?? '').matchAll(/([\w:.-]+)(?:="([^"]*)")?/g))
      attributes.set(key, value);
    tags.push({ name, attributes });
    rest = rest.slice(match[0].length);
    if (name === 'script' || name === 'style') {
      const end = rest.toLowerCase().indexOf(`</${name}`);
      if (end < 0) throw new Error(`unclosed ${name}`);
      rest = rest.slice(end);
    }
  }
}

/** Names only: what must not change, whatever the texts are. */
export const skeletonOf = (page: string): string =>
  tagsOf(page)
    .map((t) => `${t.name}[${[...t.attributes.keys()].join(' ')}]`)
    .join('\n');

/** The inlined blocks of one element, exactly as hashed by a browser. */
export function blocksOf(page: string, element: 'script' | 'style'): readonly string[] {
  const found = page.matchAll(new RegExp(`<${element}>([\\s\\S]*?)</${element}>`, 'g'));
  return [...found].map((m) => m[1] ?? '');
}
