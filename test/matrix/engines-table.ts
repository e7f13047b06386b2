import { existsSync, readFileSync } from 'node:fs';
import type { ExpectedEnd } from '../../src/domain/scenario.js';
import type { Outcome } from './outcome.js';

/** One engine as the table knows it, with the lines that make a scenario use it. */
export interface EngineColumn {
  readonly id: 'embedded' | 'k6' | 'k6-get' | 'jmeter';
  readonly title: string;
  readonly lines: readonly string[];
  /** Of `rollproof run`. */
  readonly options?: readonly string[];
}

/**
 * k6 twice: with POST it sees kept-alive connections, with GET it leaves them out, which costs every PASS: such a scenario
 * is refused before anything is touched, and only run here because it is forced.
 */
export const ENGINES: readonly EngineColumn[] = [
  { id: 'embedded', title: 'embedded', lines: [] },
  { id: 'k6', title: 'k6, POST', lines: ['service:', '  method: POST', 'traffic:', '  engine: k6'] },
  { id: 'k6-get', title: 'k6, GET', lines: ['traffic:', '  engine: k6'], options: ['--force'] },
  { id: 'jmeter', title: 'JMeter', lines: ['traffic:', '  engine: jmeter'] },
];

/** How a row ends with an engine that does not see the fault as the embedded one does, and why. */
interface Otherwise {
  readonly ends: readonly Outcome['verdict'][];
  readonly why: string;
}

const RACE: Otherwise = {
  ends: ['FAIL', 'INCONCLUSIVE'],
  why: 'the race is lost so rarely that none of it may fall into the baseline. What fails after that is a FAIL, and rightly so: requests failed, and as UNEXPLAINED nothing the deploy did is blamed.',
};
const LATE_NEWS: Otherwise = {
  ends: ['FAIL', 'INCONCLUSIVE'],
  why: 'its answers are known seconds later, so the roll waits longer for the first one of the target that came back, and by then the guard before the second detach sees it fail its checks and stops: nothing fails, and nothing is proven.',
};
const NO_STALL: Otherwise = {
  ends: ['INCONCLUSIVE'],
  why: 'it cannot be told to stand still: the run ends before the first detach, with nothing proven.',
};

const NO_REUSE: Otherwise = {
  ends: ['INCONCLUSIVE'],
  why: 'the scenario asks for kept-alive connections, and under GET k6 would not see one die: lane reuse is not run, so there is no PASS (LANE_NOT_RUN). `traffic.lanes.reuse: 0` gives the claim up.',
};

/** Where an engine may end in another way than the file expects. */
export const OTHERWISE: Readonly<Record<string, Readonly<Partial<Record<EngineColumn['id'], Otherwise>>>>> = {
  'S01-clean': { 'k6-get': NO_REUSE },
  'S07-preopen-headers': { k6: RACE, 'k6-get': RACE, jmeter: RACE },
  'S09-health-flap': { k6: LATE_NEWS, 'k6-get': LATE_NEWS, jmeter: LATE_NEWS },
  'S12-az-hole': {
    jmeter: {
      ends: ['FAIL'],
      why: 'its results do not say which address answered, so that one of two nodes had no target left cannot be told: UNEXPLAINED.',
    },
  },
  'S14-nlb-pinned': {
    k6: {
      ends: ['FAIL', 'INCONCLUSIVE'],
      why: 'each of its connections is used every 5.6 s only and the application closes idle ones sooner, so no kept-alive request is ever made. The driver notices and the run proves nothing.',
    },
    'k6-get': {
      ends: ['INCONCLUSIVE'],
      why: 'kept-alive connections alone meet this fault, and under GET k6 would not see one die: lane reuse is not run, so there is no PASS (LANE_NOT_RUN).',
    },
  },
  'S26-blue-green': { 'k6-get': NO_REUSE },
  'S24-generator-fault': { k6: NO_STALL, 'k6-get': NO_STALL, jmeter: NO_STALL },
};

/** Scenario → engine → cell text. */
export type Cells = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** One end in a few words: verdict, what ranks first, failed of judged. */
export function cellOf({ verdict, exitCode, codes, causes, failed, judged }: Outcome): string {
  if (verdict === 'ERROR') return `refused (exit ${exitCode})`;
  const cause = mostFrequent(causes);
  const why = verdict === 'INCONCLUSIVE' ? codes.join(' ') : (cause ?? codes[0] ?? '');
  return [verdict, why, `${failed}/${judged}`].filter((word) => word !== '').join(' ');
}

function mostFrequent(words: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

export function withCell(cells: Cells, name: string, engine: string, text: string): Cells {
  return new Map([...cells, [name, new Map([...(cells.get(name) ?? []), [engine, text]])]]);
}

/** The cells of a page written before, so that the table can be made a few rows at a time. */
export function knownCells(file: string): Cells {
  let cells: Cells = new Map();
  if (!existsSync(file)) return cells;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, name = '', , ...rest] = line.split('|').map((part) => part.trim());
    if (!/^S\d/.test(name)) continue;
    ENGINES.forEach(({ id }, at) => {
      const text = rest[at] ?? '';
      if (text !== '' && text !== NOT_RUN) cells = withCell(cells, name, id, text);
    });
  }
  return cells;
}

const NOT_RUN = '–';

interface Row {
  readonly name: string;
  readonly description: string;
  readonly expect: ExpectedEnd;
}

/** The whole page, from the cells alone. */
export function enginesPage(rows: readonly Row[], cells: Cells): string {
  const lines = rows.map(({ name, expect }) => {
    const texts = ENGINES.map(({ id }) => cells.get(name)?.get(id) ?? NOT_RUN);
    return `| ${name} | ${expect.verdict} | ${texts.join(' | ')} |`;
  });
  const notes = Object.entries(OTHERWISE).flatMap(([name, engines]) =>
    Object.entries(engines).map(([id, { why }]) => `- **${name}**, ${titleOf(id)}: ${why}`),
  );
  return `# The same verdict through every engine

Every scenario of scenarios/matrix whose verdict rests on traffic, through every traffic engine, with nothing changed but
\`traffic.engine\` (and the method, for k6; "k6, GET" is forced past the power check, which refuses it). The page is written by \`MATRIX_WRITE=1 npm run matrix:engines\`;
\`MATRIX_ONLY=S02 MATRIX_ENGINES=k6,jmeter\` chooses rows and engines, and the other cells stay. A cell says the verdict,
what ranks first, and how many of the judged requests failed. Numbers differ from run to run and between engines:
k6 and JMeter make fewer or other connections, so a fault meets more or fewer requests.

\`–\` = not run.

S17 to S21 (a killed rollproof, two pipelines, API trouble, a wrong id, a sick target) are left out: they are about the
roll itself and end the same whatever fires, in docs/detection-matrix.md.

| scenario | must be | ${ENGINES.map((e) => e.title).join(' | ')} |
| --- | --- |${ENGINES.map(() => ' --- |').join('')}
${lines.join('\n')}

## Where an engine ends otherwise, and why

${notes.length === 0 ? 'Nowhere.' : notes.join('\n')}
`;
}

function titleOf(id: string): string {
  return ENGINES.find((e) => e.id === id)?.title ?? id;
}
