import { dirname, isAbsolute, join, normalize } from 'node:path';
import { problemAt, type ScenarioProblem } from './problem.js';
import { quoted } from './problem-text.js';
import { type Place, sourceText } from './source.js';
import { type Environment, substituteText } from './substitution.js';
import { type MapEntry, type MapNode, parseSource, type SourceNode } from './yaml-tree.js';

/** What loading needs of the world; the file system and the environment are arguments. */
export interface ScenarioIo {
  /** The text of a file, read as UTF-8; throws when it cannot. */
  readonly readFile: (path: string) => string;
  readonly env: Environment;
}

const MAX_CHAIN = 16;

/** The file with everything it extends merged in; null when too little could be read to go on. */
export interface Inherited {
  readonly root: MapNode | null;
  readonly problems: readonly ScenarioProblem[];
}

/** Parses `text` and, through `extends`, the files it builds on: the child's maps are laid over the parent's. */
export function parseWithParents(file: string, text: string, io: ScenarioIo, chain: readonly string[] = []): Inherited {
  const { root, problems } = parseSource(sourceText(file, text));
  const entry = root?.entries.get('extends');
  if (root === null || entry === undefined) return { root, problems };
  const own: MapNode = { ...root, entries: new Map([...root.entries].filter(([key]) => key !== 'extends')) };
  const parent = parentOf(entry, file, io, [...chain, normalize(file)]);
  const all = [...problems, ...parent.problems];
  if (parent.root === null) return { root: null, problems: all };
  return { root: mergeMaps(parent.root, own), problems: all };
}

function parentOf(entry: MapEntry, file: string, io: ScenarioIo, chain: readonly string[]): Inherited {
  const refuse = (place: Place, message: string, hint: string): Inherited => ({
    root: null,
    problems: [problemAt(place, ['extends'], message, hint)],
  });
  const { node } = entry;
  if (node.kind !== 'scalar')
    return refuse(node.place, 'extends takes one file', 'write `extends: ../base.yaml`; that file may extend another');
  if (node.text === null || node.text.trim() === '')
    return refuse(entry.key, 'extends is empty', 'name a file, or remove the line');
  const named = substituteText(node.text, io.env);
  const [error] = named.errors;
  if (error !== undefined) return refuse(node.place, error.message, error.hint);
  const path = pathFrom(file, named.text);
  const start = chain.indexOf(normalize(path));
  if (start !== -1) {
    return refuse(
      node.place,
      `the files extend each other in a circle: ${[...chain.slice(start), path].join(' → ')}`,
      'remove one `extends`',
    );
  }
  if (chain.length >= MAX_CHAIN)
    return refuse(node.place, `more than ${MAX_CHAIN} files extend each other`, 'merge some of them');
  let text: string;
  try {
    text = io.readFile(path);
  } catch (cause) {
    return refuse(node.place, `cannot read ${quoted(path)}: ${reasonOf(cause)}`, `the path is relative to ${file}`);
  }
  return parseWithParents(path, text, io, chain);
}

/** A path as written in `file`, made relative to where that file is. */
export function pathFrom(file: string, path: string): string {
  return isAbsolute(path) ? normalize(path) : join(dirname(file), path);
}

/** The part of a file-system error a person wants to read. */
export function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EISDIR: 'it is a directory',
    EACCES: 'permission denied',
    ENOTDIR: 'there is no such directory',
  };
  return known[code] ?? (cause instanceof Error ? cause.message : String(cause));
}

/**
 * Maps merge key by key, all else is replaced. A map whose `kind` the child changes is
 * replaced whole: the keys of another kind would mean nothing.
 */
function mergeMaps(parent: MapNode, child: MapNode): MapNode {
  const entries = new Map<string, MapEntry>(parent.entries);
  for (const [key, entry] of child.entries) {
    const inherited = entries.get(key)?.node;
    const merge = inherited?.kind === 'map' && entry.node.kind === 'map' && sameKind(inherited, entry.node);
    entries.set(key, merge ? { key: entry.key, node: mergeMaps(inherited, entry.node) } : entry);
  }
  return { kind: 'map', place: child.place, entries };
}

function sameKind(parent: MapNode, child: MapNode): boolean {
  const ours = textAt(child, 'kind');
  return ours === null || ours === textAt(parent, 'kind');
}

function textAt(map: MapNode, key: string): string | null {
  const node: SourceNode | undefined = map.entries.get(key)?.node;
  return node?.kind === 'scalar' ? node.text : null;
}
