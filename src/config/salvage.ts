import type { KeyPath } from './problem.js';
import { type ScenarioDocument, scenarioSchema } from './schema.js';

/** Stands in for what is required but missing; rules that would read it do not run. */
const PLACEHOLDER = {
  name: 'placeholder',
  environment: 'placeholder',
  service: { url: 'http://placeholder.invalid/', requests: [{ name: 'placeholder' }] },
  balancer: { kind: 'lab' },
  targets: [{ id: 'placeholder', instance: 'placeholder' }],
  rollout: { deploy: 'none', version: 'placeholder' },
  traffic: { rate: '1' },
} as const;

const MAX_ROUNDS = 10;

/**
 * The readable rest of a file with problems, so that the cross-field rules can still look at it: every value the
 * schema refuses is taken out and, where it must be there, replaced by a placeholder. A list goes as a whole, unless its
 * entry can be kept with a placeholder in it.
 */
export function salvage(plain: unknown): ScenarioDocument | null {
  const rest = structuredClone(plain);
  if (!isObject(rest)) return null;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const parsed = scenarioSchema.safeParse(rest);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) {
      const path = issue.path as (string | number)[];
      if (issue.code !== 'unrecognized_keys') takeOut(rest, path);
      else for (const key of issue.keys) takeOut(rest, [...path, key]);
    }
  }
  return null;
}

function takeOut(root: Record<string, unknown>, path: KeyPath): void {
  const key = path.at(-1);
  if (key === undefined) return;
  const parentPath = path.slice(0, -1);
  const parent = valueAt(root, parentPath);
  const standIn = valueAt(
    PLACEHOLDER,
    path.map((part) => (typeof part === 'number' ? 0 : part)),
  );
  if (Array.isArray(parent) && typeof key === 'number') {
    if (standIn === undefined) takeOut(root, parentPath);
    else parent[key] = structuredClone(standIn);
  } else if (!isObject(parent)) takeOut(root, parentPath);
  else if (standIn !== undefined) parent[String(key)] = structuredClone(standIn);
  else if (Object.hasOwn(parent, key)) delete parent[String(key)];
  // Required, absent and without a stand-in: what it belongs to cannot stay either.
  else takeOut(root, parentPath);
}

function valueAt(value: unknown, path: KeyPath): unknown {
  let here = value;
  for (const part of path) {
    const inside: unknown = here;
    if (Array.isArray(inside) && typeof part === 'number') here = inside[part];
    else here = isObject(inside) && Object.hasOwn(inside, part) ? inside[String(part)] : undefined;
  }
  return here;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
