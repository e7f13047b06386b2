import type { ValuesTable } from '../domain/scenario.js';
import { reasonOf, type ScenarioIo } from './inheritance.js';
import { dotted, type KeyPath, problemAt, type ScenarioProblem } from './problem.js';
import { quoted } from './problem-text.js';
import type { ResolvePath } from './resolution.js';
import type { ScenarioDocument } from './schema.js';
import { sourceText } from './source.js';
import { placeAt } from './tree-path.js';
import { placeholderProblems, type Templated, valuesIn } from './values-file.js';
import type { MapNode } from './yaml-tree.js';

/** What a scenario takes from outside its own files. */
export interface ServiceFiles {
  /** Text of every body file, by the dotted path of the key that names it. */
  readonly bodies: ReadonlyMap<string, string>;
  readonly values: ValuesTable | null;
  readonly keyPassphrase: string | null;
}

/** Nothing could be read. */
export const NO_FILES: { readonly files: ServiceFiles; readonly problems: readonly ScenarioProblem[] } = {
  files: { bodies: new Map(), values: null, keyPassphrase: null },
  problems: [],
};

/** Where the scenario was written, and what may be read. */
export interface FilesContext {
  readonly root: MapNode;
  readonly io: ScenarioIo;
  readonly resolvePath: ResolvePath;
  /** Whether what lies at or below a dotted path could not be read: it is left alone then. */
  readonly isBroken: (path: string) => boolean;
}

/** Reads body files, the CSV file of values and the passphrase of the key; every problem at once, at its place. */
export function serviceFiles(document: ScenarioDocument, context: FilesContext): typeof NO_FILES {
  const problems: ScenarioProblem[] = [];
  const bodies = new Map<string, string>();
  const { service, traffic } = document;
  const texts: Templated[] = [];
  const take = (name: string | null, path: KeyPath, isTemplate: boolean) => {
    if (name === null || context.isBroken(dotted(path))) return;
    const file = context.resolvePath(name, path);
    const text = textOf(file, path, context, problems);
    if (text === null) return;
    bodies.set(dotted(path), text);
    if (isTemplate) texts.push({ text, path, place: { source: sourceText(file, text), offset: 0 }, kind: 'body' });
  };
  take(service.bodyFile, ['service', 'bodyFile'], false);
  for (const [i, request] of service.requests.entries()) {
    take(request.bodyFile, ['service', 'requests', i, 'bodyFile'], true);
    texts.push(...templatesOf(request, i, context));
  }
  const values = valuesOf(service.values, texts, context, problems);
  return { files: { bodies, values, keyPassphrase: passphraseOf(traffic.tls, context, problems) }, problems };
}

/** Unreadable and not UTF-8 are problems of the key that names the file. */
function textOf(file: string, path: KeyPath, context: FilesContext, problems: ScenarioProblem[]): string | null {
  const refuse = (message: string, hint: string) => {
    problems.push(problemAt(placeAt(context.root, path), path, message, hint));
    return null;
  };
  let text: string;
  try {
    text = context.io.readFile(file);
  } catch (cause) {
    return refuse(`cannot read ${quoted(file)}: ${reasonOf(cause)}`, 'check the path');
  }
  return text.includes('\ufffd') ? refuse(`${quoted(file)} is not UTF-8 text`, 'save it as UTF-8') : text;
}

function templatesOf(
  request: ScenarioDocument['service']['requests'][number],
  index: number,
  { root, isBroken }: FilesContext,
): Templated[] {
  const at = (key: string, more: KeyPath = []) => ['service', 'requests', index, key, ...more];
  const own = (text: string | null, path: KeyPath, kind: Templated['kind']): Templated[] =>
    text === null || isBroken(dotted(path)) ? [] : [{ text, path, place: placeAt(root, path), kind }];
  return [
    ...own(request.path, at('path'), 'path'),
    ...Object.entries(request.headers).flatMap(([name, value]) => own(value, at('headers', [name]), 'header')),
    ...own(request.body, at('body'), 'body'),
  ];
}

function valuesOf(
  wanted: ScenarioDocument['service']['values'],
  texts: readonly Templated[],
  context: FilesContext,
  problems: ScenarioProblem[],
): ValuesTable | null {
  const path = ['service', 'values', 'file'];
  if (wanted === null || context.isBroken('service.values')) return null;
  const file = context.resolvePath(wanted.file, path);
  const text = textOf(file, path, context, problems);
  if (text === null) return null;
  const read = valuesIn(sourceText(file, text), wanted.order);
  problems.push(...read.problems);
  if (read.table === null) return null;
  problems.push(...placeholderProblems(texts, read.table, read.cellPlace));
  return read.table;
}

function passphraseOf(
  { keyPassphraseEnv: name }: ScenarioDocument['traffic']['tls'],
  { root, io, isBroken }: FilesContext,
  problems: ScenarioProblem[],
): string | null {
  const path = ['traffic', 'tls', 'keyPassphraseEnv'];
  if (name === null || isBroken(dotted(path))) return null;
  const value = io.env[name];
  if (value !== undefined && value !== '') return value;
  const hint = 'write the name of the variable here, and set it where rollproof runs';
  problems.push(problemAt(placeAt(root, path), path, 'names a variable that is not set', hint));
  return null;
}
