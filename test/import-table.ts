/** Who may import whom: rooms of src/ → rooms they may import besides themselves. Printed into docs/architecture.md. */
export const IMPORT_TABLE: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  stats: [],
  lab: [],
  config: ['domain'],
  journal: ['domain'],
  report: ['domain'],
  export: ['domain'],
  balancer: ['domain'],
  pipeline: ['domain'],
  traffic: ['domain'],
  'self-test': ['domain', 'evidence'],
  evidence: ['domain', 'stats'],
  checks: ['domain', 'stats'],
  compare: ['domain', 'stats'],
  analyze: ['domain', 'evidence', 'checks'],
  run: ['domain', 'journal', 'balancer', 'pipeline', 'traffic'],
  cli: [
    'domain',
    'config',
    'journal',
    'report',
    'export',
    'balancer',
    'pipeline',
    'traffic',
    'evidence',
    'checks',
    'compare',
    'analyze',
    'run',
    'self-test',
    'lab',
  ],
  main: ['cli'],
  index: ['domain', 'analyze', 'config', 'journal'],
};

/** Outside packages → the places that may import them (folder or file prefixes below src/). */
export const PACKAGE_TABLE: Readonly<Record<string, readonly string[]>> = {
  '@aws-sdk/': ['balancer/'],
  execa: ['pipeline/', 'traffic/', 'lab/'],
  commander: ['cli/'],
  zod: ['config/'],
  // Manifests are YAML too: written by the library that escapes, never by joining text.
  yaml: ['config/', 'export/'],
  'apache-arrow': ['journal/'],
  'chartjs-node-canvas': ['report/charts/png.ts'],
  'chart.js': ['report/charts/'],
};

/** The table as it stands in docs/architecture.md. */
export function importTableMarkdown(): string {
  const rows = Object.entries(IMPORT_TABLE).map(
    ([room, may]) => `| \`${room}\` | ${may.length === 0 ? 'nothing' : may.map((m) => `\`${m}\``).join(', ')} |`,
  );
  return ['| room | may import |', '|---|---|', ...rows].join('\n');
}
