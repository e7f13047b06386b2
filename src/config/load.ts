import type { Scenario } from '../domain/scenario.js';
import { parseWithParents, pathFrom, reasonOf, type ScenarioIo } from './inheritance.js';
import { type ScenarioOverride, withOverrides } from './overrides.js';
import { dotted, type KeyPath, problemAt, type ScenarioProblem, ScenarioProblems } from './problem.js';
import { type ResolvePath, resolveScenario } from './resolution.js';
import { RULES } from './rules/all-rules.js';
import { salvage } from './salvage.js';
import { type ScenarioDocument, scenarioSchema } from './schema.js';
import { schemaProblems } from './schema-problems.js';
import { NO_FILES, type ServiceFiles, serviceFiles } from './service-files.js';
import { sourceText } from './source.js';
import { substituteTree } from './substitution.js';
import { nodeAt, placeAt, plainValue } from './tree-path.js';
import type { MapNode } from './yaml-tree.js';

/** A scenario ready to run, what is doubtful in it, and the file's own text for the report. */
export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly warnings: readonly ScenarioProblem[];
  readonly sourceText: string;
}

/**
 * Scenario file → Scenario. Throws `ScenarioProblems` with everything that is wrong at once: YAML, `extends`, `${…}`,
 * schema and cross-field rules, each at the file, line and column where it was written.
 * `overrides` (of the command line) are laid over what the files say and judged like it.
 */
export function loadScenario(
  file: string,
  io: ScenarioIo,
  overrides: readonly ScenarioOverride[] = [],
): LoadedScenario {
  const text = readMain(file, io);
  const { root, problems: textProblems } = parseWithParents(file, text, io);
  if (root === null) throw problemsError(textProblems);
  const overridden = withOverrides(root, overrides);
  const substituted = substituteTree(overridden.root, io.env);
  const known = [...textProblems, ...overridden.problems, ...substituted.problems];
  if (substituted.node.kind !== 'map') throw problemsError(known);
  const tree = substituted.node;
  const resolvePath = (path: string, writtenAt: KeyPath) =>
    pathFrom(nodeAt(tree, writtenAt)?.place.source.file ?? file, path);
  const { document, files, problems, warnings } = judge(tree, known, resolvePath, io);
  if (problems.length > 0 || document === null) throw problemsError(problems);
  const scenario = resolveScenario(document, resolvePath, files);
  return { scenario, warnings, sourceText: text };
}

function readMain(file: string, io: ScenarioIo): string {
  try {
    return io.readFile(file);
  } catch (cause) {
    const place = { source: sourceText(file, ''), offset: 0 };
    const problem = problemAt(
      place,
      [],
      `cannot read the scenario: ${reasonOf(cause)}`,
      'check the path, or write a first scenario with `rollproof init`',
    );
    throw new ScenarioProblems('SCENARIO_NOT_FOUND', [problem], { cause });
  }
}

interface Judgement {
  readonly document: ScenarioDocument | null;
  readonly files: ServiceFiles;
  readonly problems: readonly ScenarioProblem[];
  readonly warnings: readonly ScenarioProblem[];
}

/** Schema, then rules, then the files named. `known` problems (of variables and aliases) silence what would only repeat them. */
function judge(root: MapNode, known: readonly ScenarioProblem[], resolvePath: ResolvePath, io: ScenarioIo): Judgement {
  const plain = plainValue(root);
  const parsed = scenarioSchema.safeParse(plain);
  const knownPaths = new Set(known.map((problem) => problem.path).filter((path) => path !== ''));
  const problems = [...known];
  let broken: readonly string[] = [...knownPaths];
  if (!parsed.success) {
    const findings = schemaProblems(parsed.error.issues, root, plain);
    problems.push(...findings.problems.filter((problem) => !knownPaths.has(problem.path)));
    broken = [...broken, ...findings.broken.map(dotted)];
  }
  const document = parsed.success ? parsed.data : salvage(plain);
  const warnings: ScenarioProblem[] = [];
  const isWritten = (path: KeyPath) => nodeAt(root, path) !== null;
  const isBroken = (read: string) => broken.some((path) => overlaps(read, path));
  for (const rule of document === null ? [] : RULES) {
    if (document === null || rule.reads.some(isBroken)) continue;
    for (const { level, path, message, hint } of rule.findings(document, isWritten)) {
      (level === 'problem' ? problems : warnings).push(problemAt(placeAt(root, path), path, message, hint));
    }
  }
  const read = document === null ? NO_FILES : serviceFiles(document, { root, io, resolvePath, isBroken });
  problems.push(...read.problems);
  return { document, files: read.files, problems: inOrder(problems), warnings: inOrder(warnings) };
}

/** One path is the other, or lies within it; which entry of a list makes no difference. */
function overlaps(read: string, path: string): boolean {
  const [a, b] = [read, path.replace(/\[\d+\]/g, '[]')];
  const within = (inner: string, outer: string) =>
    inner === outer || inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
  return within(a, b) || within(b, a);
}

/** File by file in the order they first appear, top to bottom. */
function inOrder(problems: readonly ScenarioProblem[]): readonly ScenarioProblem[] {
  const files = [...new Set(problems.map((problem) => problem.file))];
  return [...problems].sort(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}

function problemsError(problems: readonly ScenarioProblem[]): ScenarioProblems {
  const [first, ...rest] = inOrder(problems);
  if (first === undefined) throw new TypeError('a scenario was refused without a problem');
  return new ScenarioProblems('SCENARIO_INVALID', [first, ...rest]);
}
