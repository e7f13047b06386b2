import { LAB_KNOBS } from './lab-knobs.js';
import { scenarioJsonSchema } from './schema.js';

const INTRO = `# Scenario files
Generated from the schema (\`rollproof schema --markdown\`); do not edit by hand. \`rollproof init\` writes a commented file to
start from, \`rollproof plan FILE\` shows what it would do and could prove, \`rollproof schema\` is for your editor.

- Durations: \`60s\`, \`500ms\`, \`1m30s\`, \`2h\`; a bare number is seconds. Rates: \`200/s\`, \`12000/m\`; a bare number is per second.
- \`\${VAR}\`, \`\${VAR:-default}\` and \`\${VAR:?message}\` in values, filled from the environment when the file is read; \`$$\` is a
  dollar sign. The deploy command gets ROLLPROOF_TARGET, ROLLPROOF_INSTANCE, ROLLPROOF_VERSION, ROLLPROOF_PREVIOUS_VERSION,
  ROLLPROOF_STAGE, ROLLPROOF_RUN_ID and ROLLPROOF_MARK_FILE in its environment.
- \`extends: other.yaml\` builds on another file: maps merge, everything else replaces.
- Every mistake is reported at once with file, line, column and a hint; the exit code is 64.
`;

interface SchemaNode {
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

/** docs/scenario.md: every key of a scenario file with its default and meaning, then the lab's knobs. */
export function scenarioReference(): string {
  const rows = rowsOf(scenarioJsonSchema() as SchemaNode, '').filter(([key]) => !key.startsWith('balancer.knobs.'));
  const knobs = LAB_KNOBS.map((knob) => `| \`${knob.name}\` | ${cell(knob.description)} |`);
  return `${INTRO}
## Keys
| key | default | meaning |
|---|---|---|
${rows.map(([key, value, text]) => `| \`${key}\` | ${value} | ${text} |`).join('\n')}

## Knobs of the lab
Under \`balancer.knobs\` with \`kind: lab\`. Times are durations or milliseconds; a pair \`[lo, hi]\` is drawn from at random.

| knob | meaning |
|---|---|
${knobs.join('\n')}
`;
}

type Row = readonly [key: string, value: string, text: string];

function rowsOf(node: SchemaNode, path: string): Row[] {
  const rows: Row[] = [];
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const key = path === '' ? name : `${path}.${name}`;
    rows.push([key, defaultOf(child), meaningOf(child)], ...below(child, key));
  }
  return unique(rows);
}

function below(node: SchemaNode, key: string): Row[] {
  const branches = (node.anyOf ?? []).flatMap((branch) => below(branch, key));
  const items = node.items === undefined ? [] : below(node.items, `${key}[]`);
  return [...rowsOf(node, key), ...items, ...branches];
}

/** The branches of a choice share keys such as `kind`: one row each, the meanings joined. */
function unique(rows: readonly Row[]): Row[] {
  const byKey = new Map<string, Row>();
  for (const [key, value, text] of rows) {
    const known = byKey.get(key);
    byKey.set(
      key,
      known === undefined || known[2] === text ? [key, value, text] : [key, known[1], `${known[2]} / ${text}`],
    );
  }
  return [...byKey.values()];
}

function defaultOf(node: SchemaNode): string {
  if (node.default === undefined || (typeof node.default === 'object' && node.default !== null)) return '';
  return node.default === '' ? '' : `\`${cell(String(node.default))}\``;
}

function meaningOf(node: SchemaNode): string {
  const words = node.enum === undefined ? '' : ` One of ${node.enum.map((w) => `\`${String(w)}\``).join(', ')}.`;
  return cell(`${node.description ?? ''}${words}`);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
