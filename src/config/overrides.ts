import { type KeyPath, problemAt, type ScenarioProblem } from './problem.js';
import { quoted } from './problem-text.js';
import { sourceText } from './source.js';
import { type MapEntry, type MapNode, parseSource, type SourceNode } from './yaml-tree.js';

/** A value given on the command line: `rollout.sleep.afterDetach` and the YAML text of its value. */
export interface ScenarioOverride {
  readonly path: string;
  /** The path's keys where one of them is no plain word, such as a host name; else they are between the path's dots. */
  readonly keys?: readonly string[];
  readonly text: string;
  /** The option it came by, named in problems in place of a file. */
  readonly source: string;
}

const KEY = /^[A-Za-z_][\w-]*$/;
const WRAP = 'v: ';

/**
 * Lays overrides over what the files say, in order. The schema judges the result like anything written in a file, so an
 * unknown key or a wrong value is a problem at the option that gave it.
 */
export function withOverrides(
  root: MapNode,
  overrides: readonly ScenarioOverride[],
): { readonly root: MapNode; readonly problems: readonly ScenarioProblem[] } {
  const problems: ScenarioProblem[] = [];
  let tree = root;
  for (const override of overrides) {
    const source = sourceText(override.source, `${override.path}=${override.text}`);
    const keys = override.keys ?? override.path.split('.');
    const refuse = (message: string, hint: string): void => {
      problems.push(problemAt({ source, offset: 0 }, [], message, hint));
    };
    if (override.keys === undefined && !keys.every((key) => KEY.test(key))) {
      refuse(`${quoted(override.path)} is not a key path`, 'write keys with dots, e.g. rollout.sleep.afterDetach=2s');
      continue;
    }
    const node = valueNode(override, source, refuse);
    if (node === null) continue;
    const placed = placedAt(tree, keys, node, { source, offset: 0 });
    if (placed === null)
      refuse(`${quoted(override.path)} lies within a value that is not a map`, 'give the whole value');
    else tree = placed;
  }
  return { root: tree, problems };
}

type Source = ReturnType<typeof sourceText>;

function valueNode(
  override: ScenarioOverride,
  source: Source,
  refuse: (message: string, hint: string) => void,
): SourceNode | null {
  const parsed = parseSource(sourceText(override.source, `${WRAP}${override.text}`));
  const [problem] = parsed.problems;
  const node = parsed.root?.entries.get('v')?.node;
  if (problem !== undefined || node === undefined || parsed.root?.entries.size !== 1) {
    refuse(`${quoted(override.text)} is not one YAML value: ${problem?.message ?? 'it holds more'}`, 'quote it');
    return null;
  }
  return relocated(node, source, override.path.length + 1 - WRAP.length);
}

/** The same value, its places pointing into the text a person typed. */
function relocated(node: SourceNode, source: Source, by: number): SourceNode {
  const place = { source, offset: Math.max(0, node.place.offset + by) };
  if (node.kind === 'list') return { ...node, place, items: node.items.map((item) => relocated(item, source, by)) };
  if (node.kind === 'scalar') return { ...node, place };
  const entries = [...node.entries].map(([name, entry]): [string, MapEntry] => {
    const key = { source, offset: Math.max(0, entry.key.offset + by) };
    return [name, { key, node: relocated(entry.node, source, by) }];
  });
  return { ...node, place, entries: new Map(entries) };
}

function placedAt(map: MapNode, keys: KeyPath, node: SourceNode, key: MapEntry['key']): MapNode | null {
  const [first, ...rest] = keys.map(String);
  if (first === undefined) return null;
  if (rest.length === 0) return { ...map, entries: new Map(map.entries).set(first, { key, node }) };
  const inner = map.entries.get(first);
  if (inner !== undefined && inner.node.kind !== 'map') return null;
  const below: MapNode = inner?.node.kind === 'map' ? inner.node : { kind: 'map', place: key, entries: new Map() };
  const placed = placedAt(below, rest, node, key);
  return placed && { ...map, entries: new Map(map.entries).set(first, { key: inner?.key ?? key, node: placed }) };
}
