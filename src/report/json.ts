import type { RunResult } from '../domain/result.js';

/** Top-level order of result.json: what a person looks for first comes first. */
const ORDER = ['schema', 'verdict', 'run', 'claims', 'counts', 'window', 'baseline', 'checks', 'outages', 'phases'];

/**
 * `derived/result.json`: the whole result, byte for byte the same for the same facts. One line per member of an
 * object and per item of a list, so that it diffs well and the long number columns stay on one line.
 */
export function renderJson(result: RunResult): string {
  const keys = Object.keys(result).sort((a, b) => place(a) - place(b) || compare(a, b));
  const members = keys.map((key) => `  ${JSON.stringify(key)}: ${member(result[key as keyof RunResult])}`);
  return `{\n${members.join(',\n')}\n}\n`;
}

/** The same document on one line, for `--json`. */
export function renderCompactJson(result: RunResult): string {
  return `${JSON.stringify(JSON.parse(renderJson(result)))}\n`;
}

function member(value: unknown): string {
  if (Array.isArray(value) && value.length > 0)
    return `[\n${value.map((item) => `    ${canonical(item)}`).join(',\n')}\n  ]`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return canonical(value);
  const lines = sorted(value).map(([key, item]) => `    ${JSON.stringify(key)}: ${canonical(item)}`);
  return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n  }`;
}

/** JSON on one line with keys in code-unit order at every depth. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  return `{${sorted(value)
    .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`)
    .join(',')}}`;
}

function sorted(value: object): [string, unknown][] {
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => compare(a, b));
}

function place(key: string): number {
  const index = ORDER.indexOf(key);
  return index === -1 ? ORDER.length : index;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
