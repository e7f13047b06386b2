import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from 'yaml';
import { type KeyPath, problemAt, type ScenarioProblem } from './problem.js';
import { quoted } from './problem-text.js';
import type { Place, SourceText } from './source.js';

/** What a file says, each part with the place where it was written; maps keep it through `extends`. */
export type SourceNode = ScalarNode | ListNode | MapNode;
export interface ScalarNode {
  readonly kind: 'scalar';
  readonly place: Place;
  /** Always text: the schema decides what is a number, so that `version: 1.10` stays 1.10. Null: empty or `null`. */
  readonly text: string | null;
  /** Names of the environment variables in it. */
  readonly variables: readonly string[];
}
export interface ListNode {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly SourceNode[];
}
export interface MapNode {
  readonly kind: 'map';
  readonly place: Place;
  readonly entries: ReadonlyMap<string, MapEntry>;
}
export interface MapEntry {
  readonly key: Place;
  readonly node: SourceNode;
}

/** A scenario is a page or two; more is another file given by mistake. */
const MAX_BYTES = 1024 * 1024;
/** Aliases multiply: what they unfold to counts. */
const MAX_NODES = 20_000;
const MAX_DEPTH = 64;
/** The tags of plain data; any other asks for a type that does not exist here. */
const PLAIN_TAG = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;

/** Text → tree. `root` is null when the text cannot be understood at all; `problems` then says why. */
export function parseSource(source: SourceText): {
  readonly root: MapNode | null;
  readonly problems: readonly ScenarioProblem[];
} {
  const start: Place = { source, offset: 0 };
  const unfit = unfitness(source.text);
  if (unfit !== null)
    return { root: null, problems: [problemAt({ source, offset: unfit.offset }, [], unfit.message, unfit.hint)] };
  const doc = parseDocument(source.text, {
    lineCounter: new LineCounter(),
    schema: 'failsafe',
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: true,
    logLevel: 'error',
  });
  const problems = doc.errors.map((error) => syntaxProblem(source, error));
  // A key given twice is wrong but clear; anything else makes the rest a guess.
  if (doc.errors.some((error) => error.code !== 'DUPLICATE_KEY')) return { root: null, problems };
  const builder = new TreeBuilder(source, doc);
  const root = doc.contents === null ? null : builder.node(doc.contents, []);
  problems.push(...builder.problems);
  if (root === null || (root.kind === 'scalar' && root.text === null)) {
    const hint = 'start from `rollproof init`, which writes a commented scenario';
    return { root: null, problems: [...problems, problemAt(start, [], 'the file is empty', hint)] };
  }
  if (root.kind !== 'map') {
    const what = root.kind === 'list' ? 'a list' : 'plain text';
    const message = `a scenario is a map of keys such as \`name:\` and \`targets:\`, not ${what}`;
    return {
      root: null,
      problems: [...problems, problemAt(root.place, [], message, 'see `rollproof init` for an example')],
    };
  }
  return { root, problems };
}

/** Why the text must not even reach the YAML reader, or null. */
function unfitness(text: string): { readonly offset: number; readonly message: string; readonly hint: string } | null {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES) {
    return {
      offset: 0,
      message: `the file has ${bytes} bytes; a scenario has at most ${MAX_BYTES}`,
      hint: 'is this the right file?',
    };
  }
  const binary = text.search(/[\0\uFFFD]/);
  if (binary !== -1) return { offset: binary, message: 'this is not UTF-8 text', hint: 'save the file as UTF-8' };
  const deep = nestedTooDeep(text);
  if (deep !== null)
    return {
      offset: deep,
      message: `nested more than ${MAX_DEPTH} levels deep`,
      hint: 'a scenario has at most 6 levels',
    };
  return null;
}

/** Crude on purpose: the YAML reader recurses, and thousands of open brackets end the whole process. */
function nestedTooDeep(text: string): number | null {
  let depth = 0;
  let markers = 0;
  let lineStart = 0;
  let indenting = true;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '\n') {
      lineStart = at + 1;
      markers = 0;
      indenting = true;
    } else if (char === '[' || char === '{') depth += 1;
    else if (char === ']' || char === '}') depth = Math.max(0, depth - 1);
    if (indenting && (char === '-' || char === '?')) markers += 1;
    else if (indenting && char !== ' ' && char !== '\n') {
      indenting = false;
      if (at - lineStart > MAX_DEPTH * 16) return at;
    }
    if (depth > MAX_DEPTH || markers > MAX_DEPTH) return at;
  }
  return null;
}

function syntaxProblem(source: SourceText, error: YAMLError): ScenarioProblem {
  const place = { source, offset: error.pos[0] };
  const line = source.text.slice(source.text.lastIndexOf('\n', error.pos[0] - 1) + 1).split('\n', 1)[0] ?? '';
  const key = source.text.slice(error.pos[0]).match(/^["']?([\w.-]+)/)?.[1] ?? '';
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return problemAt(place, [], `the key ${quoted(key)} is given twice in this map`, 'keep one of them');
    case 'TAB_AS_INDENT':
      return problemAt(place, [], 'a tab is not allowed as indentation', 'indent with spaces');
    case 'MULTIPLE_DOCS':
      return problemAt(
        place,
        [],
        'there is more than one document in the file',
        'remove the `---` line and what follows it: one file, one scenario',
      );
    case 'NON_STRING_KEY':
      return problemAt(place, [], 'a key must be plain text', 'write `key: value`');
    case 'RESOURCE_EXHAUSTION':
      return problemAt(place, [], 'nested too deep to be read', 'a scenario has at most 6 levels');
    default: {
      const hint = line.includes('${')
        ? `put quotes around a value with \${…} inside [ ] or { }, or with ": " or " #" in it: "\${NAME:?why}"`
        : 'check indentation, quotes and brackets here and in the line above';
      return problemAt(place, [], `not valid YAML: ${lowerFirst(error.message)}`, hint);
    }
  }
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

/** Walks the YAML document once; stateful only to count nodes and collect problems. */
class TreeBuilder {
  readonly problems: ScenarioProblem[] = [];
  #nodes = 0;
  readonly #open = new Set<unknown>();
  readonly #source: SourceText;
  readonly #doc: Document;
  constructor(source: SourceText, doc: Document) {
    this.#source = source;
    this.#doc = doc;
  }

  node(yaml: Node, path: KeyPath): SourceNode {
    const place = this.#placeOf(yaml);
    const empty: ScalarNode = { kind: 'scalar', place, text: null, variables: [] };
    this.#nodes += 1;
    if (this.#nodes > MAX_NODES) {
      if (this.#nodes === MAX_NODES + 1)
        this.#report(place, path, 'the file unfolds to too many values', 'are there aliases (*name) inside aliases?');
      return empty;
    }
    if (isAlias(yaml)) return this.#alias(yaml, path, place) ?? empty;
    if (yaml.tag !== undefined && !PLAIN_TAG.test(yaml.tag)) {
      this.#report(place, path, `the tag ${quoted(yaml.tag)} means nothing here`, 'remove it');
    }
    if (isScalar(yaml)) {
      const text = String(yaml.value ?? '');
      const isNull = yaml.type === 'PLAIN' && /^(null|Null|NULL|~|)$/.test(text);
      return { kind: 'scalar', place, text: isNull ? null : text, variables: [] };
    }
    this.#open.add(yaml);
    const built = isSeq(yaml)
      ? this.#list(yaml.items, path, place)
      : isMap(yaml)
        ? this.#map(yaml.items, path, place)
        : empty;
    this.#open.delete(yaml);
    return built;
  }

  #alias(
    yaml: Parameters<typeof isAlias>[0] & { resolve(doc: Document): unknown; source: string },
    path: KeyPath,
    place: Place,
  ): SourceNode | null {
    const target = yaml.resolve(this.#doc) as Node | undefined;
    if (target === undefined) {
      this.#report(
        place,
        path,
        `no anchor &${yaml.source} before this alias`,
        'define it above, or write the value out',
      );
      return null;
    }
    if (this.#open.has(target)) {
      this.#report(place, path, `the alias *${yaml.source} contains itself`, 'write the value out');
      return null;
    }
    return this.node(target, path);
  }

  #list(items: readonly unknown[], path: KeyPath, place: Place): ListNode {
    return { kind: 'list', place, items: items.map((item, index) => this.node(item as Node, [...path, index])) };
  }

  #map(pairs: readonly { readonly key: unknown; readonly value: unknown }[], path: KeyPath, place: Place): MapNode {
    const entries = new Map<string, MapEntry>();
    for (const pair of pairs) {
      const keyNode = pair.key as Node;
      const key = this.#placeOf(keyNode);
      const name = isScalar(keyNode) ? String(keyNode.value) : '';
      const empty: ScalarNode = { kind: 'scalar', place: key, text: null, variables: [] };
      if (name === '__proto__')
        this.#report(key, [...path, name], 'the key "__proto__" cannot be used', 'choose another name');
      // Of a key given twice the first stays; the syntax pass has reported the second.
      else if (!entries.has(name))
        entries.set(name, { key, node: pair.value === null ? empty : this.node(pair.value as Node, [...path, name]) });
    }
    return { kind: 'map', place, entries };
  }

  #placeOf(yaml: Node): Place {
    return { source: this.#source, offset: yaml.range?.[0] ?? 0 };
  }

  #report(place: Place, path: KeyPath, message: string, hint: string): void {
    this.problems.push(problemAt(place, path, message, hint));
  }
}
