import type { KeyPath } from './problem.js';
import type { Place } from './source.js';
import type { MapNode, SourceNode } from './yaml-tree.js';

/** The part of the tree at `path`, or null when nothing is written there. */
export function nodeAt(root: SourceNode, path: KeyPath): SourceNode | null {
  let node: SourceNode | undefined = root;
  for (const part of path) {
    if (node?.kind === 'map') node = node.entries.get(String(part))?.node;
    else if (node?.kind === 'list') node = typeof part === 'number' ? node.items[part] : undefined;
    else return null;
  }
  return node ?? null;
}

/** The key of a map entry; null for list items, the root and what is not written. */
export function keyPlaceAt(root: SourceNode, path: KeyPath): Place | null {
  const parent = nodeAt(root, path.slice(0, -1));
  const last = path.at(-1);
  return parent?.kind === 'map' && last !== undefined ? (parent.entries.get(String(last))?.key ?? null) : null;
}

/**
 * Where to point for `path`: its value; the key of an empty value; for what is missing, the key (or start) of the
 * nearest map around it that is written.
 */
export function placeAt(root: MapNode, path: KeyPath): Place {
  const node = nodeAt(root, path);
  if (node !== null) {
    const empty = node.kind === 'scalar' && node.text === null;
    return empty ? (keyPlaceAt(root, path) ?? node.place) : node.place;
  }
  for (let length = path.length - 1; length > 0; length--) {
    const around = path.slice(0, length);
    const outer = nodeAt(root, around);
    if (outer !== null) return keyPlaceAt(root, around) ?? outer.place;
  }
  return root.place;
}

/** Plain data for the schema: maps become objects, all scalars stay text (or null). */
export function plainValue(node: SourceNode): unknown {
  if (node.kind === 'scalar') return node.text;
  if (node.kind === 'list') return node.items.map(plainValue);
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plainValue(entry.node)]));
}
