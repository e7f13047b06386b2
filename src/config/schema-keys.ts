import type { KeyPath } from './problem.js';
import { scenarioJsonSchema } from './schema.js';

type JsonSchema = Readonly<Record<string, unknown>>;

let cached: JsonSchema | null = null;
/** Built on first need: only a file with problems asks. */
function root(): JsonSchema {
  cached ??= scenarioJsonSchema();
  return cached;
}

/** The keys a map at `path` may have; empty where any name will do. `value` picks between alternatives by `kind`. */
export function keysAt(path: KeyPath, value: unknown): readonly string[] {
  const keys = new Set<string>();
  for (const schema of schemasAt(path, value)) for (const key of Object.keys(propertiesOf(schema))) keys.add(key);
  return [...keys];
}

/** The one-line description and an example of the key at `path`, for hints. */
export function keyFacts(
  path: KeyPath,
  value: unknown,
): { readonly description: string | null; readonly example: string | null } {
  for (const schema of schemasAt(path, value)) {
    const examples = schema.examples;
    const example: unknown = Array.isArray(examples) ? examples[0] : undefined;
    if (typeof schema.description === 'string') {
      return {
        description: schema.description,
        example: example === undefined ? null : typeof example === 'string' ? example : JSON.stringify(example),
      };
    }
  }
  return { description: null, example: null };
}

/** Dotted places of the file format where a key of this name is valid. */
export function placesOfKey(key: string): readonly string[] {
  const places: string[] = [];
  const walk = (schema: JsonSchema, path: string): void => {
    for (const [name, child] of Object.entries(propertiesOf(schema))) {
      const here = path === '' ? name : `${path}.${name}`;
      if (name === key) places.push(here);
      walk(child, here);
    }
    for (const alternative of alternativesOf(schema)) walk(alternative, path);
    if (isSchema(schema.items)) walk(schema.items, `${path}[]`);
  };
  walk(root(), '');
  return [...new Set(places)];
}

function schemasAt(path: KeyPath, value: unknown): readonly JsonSchema[] {
  let schemas: readonly JsonSchema[] = [root()];
  let here = value;
  for (const part of path) {
    const from = schemas.flatMap((schema) => unfold(schema, here));
    schemas = from.flatMap((schema) => {
      const child =
        typeof part === 'number' ? schema.items : (propertiesOf(schema)[part] ?? schema.additionalProperties);
      return isSchema(child) ? [child] : [];
    });
    here = isSchema(here) || Array.isArray(here) ? (here as Record<string | number, unknown>)[part] : undefined;
  }
  return schemas.flatMap((schema) =>
    alternativesOf(schema).length > 0 ? [schema, ...unfold(schema, here)] : [schema],
  );
}

/** Alternatives in place of their parent; where the value names its `kind`, only those of that kind. */
function unfold(schema: JsonSchema, value: unknown): readonly JsonSchema[] {
  const alternatives = alternativesOf(schema);
  if (alternatives.length === 0) return [schema];
  const kind = isSchema(value) ? value.kind : undefined;
  const matching = alternatives.filter((alternative) => propertiesOf(alternative).kind?.const === kind);
  return (matching.length > 0 ? matching : alternatives).flatMap((alternative) => unfold(alternative, value));
}

function alternativesOf(schema: JsonSchema): readonly JsonSchema[] {
  return (schema.anyOf as readonly JsonSchema[] | undefined) ?? [];
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return (schema.properties as Record<string, JsonSchema> | undefined) ?? {};
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
