import type { z } from 'zod';
import { dotted, type KeyPath, problemAt, type ScenarioProblem } from './problem.js';
import { plainText, quoted } from './problem-text.js';
import { keyFacts, keysAt, placesOfKey } from './schema-keys.js';
import { closest } from './suggestion.js';
import { keyPlaceAt, nodeAt, placeAt } from './tree-path.js';
import type { MapNode } from './yaml-tree.js';

type Issue = z.core.$ZodIssue;

/** What the schema found wrong, and which paths can therefore not be relied on by later rules. */
export interface SchemaFindings {
  readonly problems: readonly ScenarioProblem[];
  readonly broken: readonly KeyPath[];
}

/** Schema issues → problems at the place where the value (or the unknown key) was written. */
export function schemaProblems(issues: readonly Issue[], root: MapNode, plain: unknown): SchemaFindings {
  const problems: ScenarioProblem[] = [];
  const broken: KeyPath[] = [];
  /** Keys that were meant by a typo: their absence is the same mistake. */
  const meant = new Set<string>();
  const flat = issues.flatMap((issue) => flatten(issue, [], root));
  for (const { issue, path } of flat) {
    if (issue.code !== 'unrecognized_keys') continue;
    for (const key of issue.keys) {
      const found = unknownKey(key, path, root, plain);
      problems.push(found.problem);
      if (found.meant !== null) {
        meant.add(dotted([...path, found.meant]));
        broken.push([...path, found.meant]);
      }
    }
  }
  for (const { issue, path, words } of flat) {
    if (issue.code === 'unrecognized_keys') continue;
    broken.push(path);
    if (nodeAt(root, path) === null && meant.has(dotted(path))) continue;
    const { message, hint } = describe(issue, path, root, plain);
    const full = hint !== null && words.length > 0 ? `${hint}, or ${words.join(' or ')}` : hint;
    problems.push(problemAt(placeAt(root, path), path, message, hintWithVariables(full, path, root)));
  }
  return { problems, broken };
}

interface FlatIssue {
  readonly issue: Issue;
  readonly path: KeyPath;
  /** Words such as `off` that could stand there instead. */
  readonly words: readonly string[];
}

/** Replaces a union's issue by those of the alternative the user meant. */
function flatten(issue: Issue, outer: KeyPath, root: MapNode): FlatIssue[] {
  const path: KeyPath = [...outer, ...(issue.path as (string | number)[])];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ issue, path, words: [] }];
  const node = nodeAt(root, path);
  if (node === null || (node.kind === 'scalar' && node.text === null)) return [{ issue, path, words: [] }];
  // The alternative of the right shape has no complaint about the value itself; or it has read it and says why not.
  const fitting = issue.errors.filter((errors) => !errors.some((inner) => inner.path.length === 0 && isShape(inner)));
  const chosen = fitting[0];
  if (chosen === undefined || fitting.length !== 1) return [{ issue, path, words: [] }];
  const words = issue.errors.flatMap((errors) =>
    errors === chosen ? [] : errors.filter((inner) => inner.path.length === 0).flatMap(valuesOf),
  );
  return chosen.flatMap((inner) =>
    flatten(inner, path, root).map((flat) =>
      flat.issue.code === 'custom' && inner.path.length === 0 ? { ...flat, words } : flat,
    ),
  );
}

function isShape(issue: Issue): boolean {
  return (
    issue.code === 'invalid_type' ||
    issue.code === 'invalid_value' ||
    (issue.code === 'invalid_union' && issue.errors.every((errors) => errors.some(isShape)))
  );
}

function unknownKey(
  key: string,
  path: KeyPath,
  root: MapNode,
  plain: unknown,
): { readonly problem: ScenarioProblem; readonly meant: string | null } {
  const full = [...path, key];
  const place = keyPlaceAt(root, full) ?? placeAt(root, full);
  const valid = keysAt(path, plain);
  const written = nodeAt(root, path);
  const isUsed = (candidate: string) => written?.kind === 'map' && written.entries.has(candidate);
  // Of two equally close keys the one not yet given is meant.
  const guess = closest(key, [...valid.filter((candidate) => !isUsed(candidate)), ...valid.filter(isUsed)]);
  const where = path.length === 0 ? 'at the top of the file' : `in ${dotted(path)}`;
  const message = `unknown key ${quoted(key)} ${where}`;
  const elsewhere = placesOfKey(key).filter((other) => other !== dotted(full));
  if (key === '<<')
    return {
      problem: problemAt(
        place,
        full,
        message,
        'YAML merge keys are not supported; use `extends:` to build on another file',
      ),
      meant: null,
    };
  let hint = valid.length > 14 ? 'see `rollproof schema` for the valid keys' : `valid keys here: ${valid.join(', ')}`;
  if (elsewhere.length > 0 && elsewhere.length <= 3) hint = `it belongs at ${elsewhere.join(' or ')}`;
  if (guess !== null)
    hint =
      elsewhere.length > 0 && elsewhere.length <= 3
        ? `did you mean ${guess}? (${key} belongs at ${elsewhere.join(' or ')})`
        : `did you mean ${guess}?`;
  return { problem: problemAt(place, full, message, hint), meant: guess };
}

function describe(
  issue: Issue,
  path: KeyPath,
  root: MapNode,
  plain: unknown,
): { readonly message: string; readonly hint: string | null } {
  const node = nodeAt(root, path);
  const facts = keyFacts(path, plain);
  const about = facts.description === null ? null : firstSentence(facts.description);
  const example = facts.example === null ? '' : `, e.g. ${String(path.at(-1))}: ${facts.example}`;
  if (node === null)
    return { message: 'is missing', hint: `add ${dotted(path)}${example}${about === null ? '' : ` (${about})`}` };
  if (issue.code === 'custom')
    return { message: hideSecret(issue.message, path, root), hint: String(issue.params?.hint ?? '') || null };
  if (node.kind === 'scalar' && node.text === null)
    return { message: 'is empty', hint: `give a value${example}, or remove the line` };
  const values = valuesOf(issue);
  if (node.kind === 'scalar' && values.length > 0) {
    const guess = closest(node.text ?? '', values);
    return {
      message: `${quoted(node.text ?? '')} is not one of ${values.join(', ')}`,
      hint: guess === null ? `choose one of ${values.join(', ')}` : `did you mean ${guess}?`,
    };
  }
  if (issue.code === 'too_small') return { message: 'needs at least one entry', hint: about };
  const is = { scalar: 'a single value', list: 'a list', map: 'a map of keys' }[node.kind];
  const expected = expectedOf(issue, path, plain);
  return {
    message: `is ${is}${expected === null ? ', which cannot stand here' : `; expected ${expected}`}`,
    hint: example === '' ? about : `write it like this${example.replace(', e.g.', ':')}`,
  };
}

/** The words a choice accepts, where the issue is a choice. */
function valuesOf(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code !== 'invalid_union') return [];
  if ('options' in issue && Array.isArray(issue.options)) return issue.options.map(String);
  return issue.errors
    .flat()
    .filter((inner) => inner.path.length === 0)
    .flatMap(valuesOf);
}

function expectedOf(issue: Issue, path: KeyPath, plain: unknown): string | null {
  if (issue.code === 'invalid_type') {
    const words: Readonly<Record<string, string>> = {
      object: 'a map of keys',
      array: 'a list',
      record: 'a map of keys',
    };
    return words[issue.expected] ?? 'a single value';
  }
  if (issue.code !== 'invalid_union') return null;
  const wanted = issue.errors
    .flat()
    .map((inner) => (inner.code === 'invalid_value' ? inner.values.join(' or ') : expectedOf(inner, path, plain)));
  return [...new Set(wanted.filter((want) => want !== null))].join(' or ') || null;
}

function firstSentence(text: string): string {
  return text.split(/(?<=[.:;])\s/, 1)[0]?.replace(/[.:;]$/, '') ?? text;
}

const SECRET_NAME = /token|secret|passw|key|credential/i;

/** A misplaced secret from the environment must not end up in a CI log. */
function hideSecret(message: string, path: KeyPath, root: MapNode): string {
  const node = nodeAt(root, path);
  if (node?.kind !== 'scalar' || !node.variables.some((name) => SECRET_NAME.test(name))) return message;
  const shown = plainText(node.text ?? '', 60);
  return shown === '' ? message : message.replaceAll(shown, '[redacted]');
}

function hintWithVariables(hint: string | null, path: KeyPath, root: MapNode): string | null {
  const node = nodeAt(root, path);
  if (node?.kind !== 'scalar' || node.variables.length === 0) return hint;
  const from = `the value comes from ${[...new Set(node.variables)].map((name) => `$\{${name}}`).join(', ')}`;
  return hint === null ? from : `${hint}; ${from}`;
}
