import { type KeyPath, problemAt, type ScenarioProblem } from './problem.js';
import { quoted } from './problem-text.js';
import type { MapEntry, SourceNode } from './yaml-tree.js';

export type Environment = Readonly<Record<string, string | undefined>>;

interface Replaced {
  readonly text: string;
  readonly variables: readonly string[];
  readonly errors: readonly { readonly message: string; readonly hint: string }[];
}

/** What rollproof itself sets for a deploy command; unknown while the file is read. */
const SET_AT_DEPLOY = /^ROLLPROOF_(TARGET|INSTANCE|VERSION|PREVIOUS_VERSION|STAGE|RUN_ID|MARK_FILE)$/;
const MAX_NESTING = 8;

/**
 * Replaces `${NAME}`, `${NAME:-default}` and `${NAME:?message}` in every value (never in keys); `$$` is a dollar sign.
 * Works on parsed values, so nothing in a variable can become YAML; a variable's own text is not expanded again.
 */
export function substituteTree(
  node: SourceNode,
  env: Environment,
  path: KeyPath = [],
): { readonly node: SourceNode; readonly problems: readonly ScenarioProblem[] } {
  if (node.kind === 'scalar') {
    if (node.text === null || !node.text.includes('$')) return { node, problems: [] };
    const { text, variables, errors } = substituteText(node.text, env);
    return {
      node: { ...node, text, variables },
      problems: errors.map((error) => problemAt(node.place, path, error.message, error.hint)),
    };
  }
  const problems: ScenarioProblem[] = [];
  const within = (child: SourceNode, key: string | number): SourceNode => {
    const result = substituteTree(child, env, [...path, key]);
    problems.push(...result.problems);
    return result.node;
  };
  if (node.kind === 'list') return { node: { ...node, items: node.items.map(within) }, problems };
  const entries = new Map<string, MapEntry>();
  for (const [key, entry] of node.entries) entries.set(key, { key: entry.key, node: within(entry.node, key) });
  return { node: { ...node, entries }, problems };
}

/** One value. Several things may be wrong with it; all are told. */
export function substituteText(text: string, env: Environment, nesting = 0): Replaced {
  const variables: string[] = [];
  const errors: { message: string; hint: string }[] = [];
  let out = '';
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf('$', at);
    if (dollar === -1) break;
    out += text.slice(at, dollar);
    const next = text[dollar + 1];
    if (next !== '{') {
      // `$$` is one dollar; a dollar before anything else is just that.
      out += '$';
      at = dollar + (next === '$' ? 2 : 1);
      continue;
    }
    const end = closingBrace(text, dollar + 2);
    if (end === -1 || nesting >= MAX_NESTING) {
      errors.push({
        message: `${quoted(text.slice(dollar))} has no closing }`,
        hint: `write \${NAME}, or $\${ for a plain \${`,
      });
      return { text: out, variables, errors };
    }
    const value = expand(text.slice(dollar + 2, end), env, nesting);
    out += value.text;
    variables.push(...value.variables);
    errors.push(...value.errors);
    at = end + 1;
  }
  return { text: out + text.slice(at), variables, errors };
}

function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '$' && text[at + 1] === '{') {
      depth += 1;
      at += 1;
    } else if (text[at] === '}') {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return -1;
}

/** The inside of `${…}`. Like a shell's, `:-` and `:?` treat an empty variable as unset. */
function expand(inside: string, env: Environment, nesting: number): Replaced {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:-|:\?)([\s\S]*))?$/.exec(inside);
  const name = match?.[1];
  if (match === null || name === undefined) {
    const hint = `write \${NAME}, \${NAME:-default} or \${NAME:?message}; $\${ is a plain \${`;
    return { text: '', variables: [], errors: [{ message: `${quoted(`\${${inside}}`)} is not a variable`, hint }] };
  }
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  const [operator, operand = ''] = [match[2], match[3]];
  if (value !== undefined && (value !== '' || operator === undefined))
    return { text: value, variables: [name], errors: [] };
  if (operator === ':-') {
    const fallback = substituteText(operand, env, nesting + 1);
    return { ...fallback, variables: [name, ...fallback.variables] };
  }
  const message =
    operator === ':?' && operand !== ''
      ? `${name} is not set: ${operand}`
      : `the environment variable ${name} is not set`;
  const hint = SET_AT_DEPLOY.test(name)
    ? `${name} exists only while the deploy command runs: read it in your script, or write $\${${name}} with shell: true`
    : `set it (export ${name}=…), or give a default: \${${name}:-value}`;
  return { text: '', variables: [name], errors: [{ message, hint }] };
}
