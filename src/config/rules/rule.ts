import type { KeyPath } from '../problem.js';
import type { ScenarioDocument } from '../schema.js';

/** What a rule has to say about one place in the file. */
export interface Finding {
  readonly level: 'problem' | 'warning';
  readonly path: KeyPath;
  readonly message: string;
  readonly hint: string;
}

/**
 * A judgement over several keys. It runs whenever what it `reads` (dotted paths with all below them; `list[].key` is that key in
 * every entry, `list.length` the entries alone) could be read,
 * even if other parts of the file are wrong, so that all problems come out at once.
 */
export interface Rule {
  readonly reads: readonly string[];
  readonly findings: (document: ScenarioDocument, isWritten: (path: KeyPath) => boolean) => readonly Finding[];
}

/** A finding that makes the scenario unusable. */
export function problem(path: KeyPath, message: string, hint: string): Finding {
  return { level: 'problem', path, message, hint };
}

/** A finding the user should know of; the scenario still runs. */
export function warning(path: KeyPath, message: string, hint: string): Finding {
  return { level: 'warning', path, message, hint };
}
