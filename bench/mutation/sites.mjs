// Where a source can be broken by one small change, found in its syntax tree; texts, types and imports are left alone.
import ts from 'typescript';

const K = ts.SyntaxKind;
const SWAPPED = new Map([
  [K.LessThanToken, ['<=', '>=']],
  [K.LessThanEqualsToken, ['<', '>']],
  [K.GreaterThanToken, ['>=', '<=']],
  [K.GreaterThanEqualsToken, ['>', '<']],
  [K.EqualsEqualsEqualsToken, ['!==']],
  [K.ExclamationEqualsEqualsToken, ['===']],
  [K.AmpersandAmpersandToken, ['||']],
  [K.BarBarToken, ['&&']],
  [K.PlusToken, ['-']],
  [K.MinusToken, ['+']],
  [K.AsteriskToken, ['/']],
  [K.SlashToken, ['*']],
  [K.PlusEqualsToken, ['-=']],
]);
const CALLS = new Map([
  ['min', 'max'],
  ['max', 'min'],
  ['ceil', 'floor'],
  ['floor', 'ceil'],
  ['some', 'every'],
  ['every', 'some'],
]);

/**
 * All mutants of one source: `{ start, end, text, what, line }`, the characters [start, end) replaced by `text`.
 * In the order of the source, so a mutant's number names it as long as the source is the same.
 */
export function mutantsOf(file, source) {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.ES2023, true);
  const found = [];
  // What it was is told with its surroundings, so that an explanation of one place explains no other.
  const add = (node, text, what, told = node) => {
    const start = node.getStart(tree);
    const line = tree.getLineAndCharacterOfPosition(start).line + 1;
    const column = tree.getLineAndCharacterOfPosition(start).character + 1;
    found.push({ start, end: node.getEnd(), text, what, line, column, was: told.getText(tree) });
  };
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return;
    if (ts.isTypeAliasDeclaration(node)) return;
    mutate(node, add);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found.sort((a, b) => a.start - b.start || a.end - b.end);
}

function mutate(node, add) {
  if (ts.isBinaryExpression(node)) mutateBinary(node, add);
  else if (ts.isNumericLiteral(node)) mutateNumber(node, add);
  else if (ts.isPrefixUnaryExpression(node)) mutatePrefix(node, add);
  else if (ts.isCallExpression(node)) mutateCall(node, add);
  else if (node.kind === K.TrueKeyword) add(node, 'false', 'true to false');
  else if (node.kind === K.FalseKeyword) add(node, 'true', 'false to true');
  else if (ts.isIfStatement(node)) mutateCondition(node.expression, add);
  else if (ts.isConditionalExpression(node)) mutateCondition(node.condition, add);
}

function mutateBinary({ operatorToken, left, right }, add) {
  if (isText(left) || isText(right)) return;
  for (const text of SWAPPED.get(operatorToken.kind) ?? []) add(operatorToken, text, 'operator', operatorToken.parent);
  const isLogical = operatorToken.kind === K.AmpersandAmpersandToken || operatorToken.kind === K.BarBarToken;
  if (!isLogical) return;
  add(left, operatorToken.kind === K.BarBarToken ? 'false' : 'true', 'term removed');
  add(right, operatorToken.kind === K.BarBarToken ? 'false' : 'true', 'term removed');
}

function isText(node) {
  return ts.isStringLiteral(node) || ts.isTemplateExpression(node);
}

function mutateNumber(node, add) {
  const value = Number(node.text);
  add(node, Number.isInteger(value) ? String(value + 1) : String(value * 2), 'constant', node.parent);
  if (value >= 2) add(node, Number.isInteger(value) ? String(value - 1) : String(value / 2), 'constant', node.parent);
}

function mutatePrefix(node, add) {
  if (node.operator === K.ExclamationToken) add(node, `(${node.operand.getText()})`, 'negation removed');
  if (node.operator === K.MinusToken) add(node, node.operand.getText(), 'sign removed');
}

function mutateCall(node, add) {
  if (!ts.isPropertyAccessExpression(node.expression)) return;
  const { name, expression: object } = node.expression;
  const other = CALLS.get(name.text);
  const isMath = ts.isIdentifier(object) && object.text === 'Math';
  if (other !== undefined && (isMath || name.text === 'some' || name.text === 'every')) add(name, other, 'call');
  if (name.text === 'filter') add(node, object.getText(), 'filter removed');
}

function mutateCondition(condition, add) {
  add(condition, 'false', 'branch dropped');
  add(condition, 'true', 'branch always taken');
}

/** The source with one mutant in it. */
export function mutated(source, { start, end, text }) {
  return source.slice(0, start) + text + source.slice(end);
}
