import { KINDS } from './kinds.js';
import type { KindReport, Share } from './study.js';

/** A report of some runs of one kind as plain JSON, so that a long study can be made in pieces. */
export interface Piece extends Omit<KindReport, 'kind' | 'causes' | 'coverage' | 'missed'> {
  readonly kind: string;
  readonly seed: number;
  /** Which verdict and which simulator made it: pieces of different ones do not add up. */
  readonly code: string;
  readonly causes: Readonly<Record<string, number>>;
  readonly coverage: Readonly<Record<string, Share>>;
  readonly missed: Readonly<Record<string, readonly number[]>>;
}

/** The report as a piece. */
export function pieceOf(report: KindReport, seed: number, code: string): Piece {
  return {
    ...report,
    kind: report.kind.name,
    seed,
    code,
    causes: Object.fromEntries(report.causes),
    coverage: Object.fromEntries(report.coverage),
    missed: Object.fromEntries(report.missed),
  };
}

/** Pieces of one code and one seed added up, one report per kind; throws where runs stand in two pieces. */
export function reportsOf(pieces: readonly Piece[]): readonly KindReport[] {
  const [first] = pieces;
  for (const piece of pieces) {
    if (piece.code !== first?.code) throw new Error(`${piece.kind}: made by other code than the other pieces`);
    if (piece.seed !== first.seed) throw new Error(`${piece.kind}: made with another seed than the other pieces`);
  }
  return KINDS.flatMap((kind) => {
    const mine = pieces.filter((piece) => piece.kind === kind.name).sort((a, b) => a.from - b.from);
    for (const [i, piece] of mine.entries()) {
      const before = mine[i - 1];
      if (before !== undefined && before.from + before.runs > piece.from)
        throw new Error(`${kind.name}: the runs from ${piece.from} on stand in two pieces`);
    }
    const reports = mine.map((piece): KindReport => ({ ...piece, kind, ...mapsOf(piece) }));
    return reports.length === 0 ? [] : [reports.reduce(sum)];
  });
}

function mapsOf({ causes, coverage, missed }: Piece): Pick<KindReport, 'causes' | 'coverage' | 'missed'> {
  return {
    causes: new Map(Object.entries(causes)),
    coverage: new Map(Object.entries(coverage)),
    missed: new Map(Object.entries(missed)),
  };
}

function sum(a: KindReport, b: KindReport): KindReport {
  const verdict = (name: keyof KindReport['verdicts']) => a.verdicts[name] + b.verdicts[name];
  return {
    kind: a.kind,
    from: a.from,
    runs: a.runs + b.runs,
    verdicts: {
      PASS: verdict('PASS'),
      FAIL: verdict('FAIL'),
      INCONCLUSIVE: verdict('INCONCLUSIVE'),
      ERROR: verdict('ERROR'),
    },
    demanded: a.demanded + b.demanded,
    wrong: [...a.wrong, ...b.wrong],
    attribution: shareSum(a.attribution, b.attribution),
    misattributed: [...a.misattributed, ...b.misattributed],
    causes: joined(a.causes, b.causes, (x, y) => x + y),
    coverage: joined(a.coverage, b.coverage, shareSum),
    missed: joined(a.missed, b.missed, (x, y) => [...x, ...y]),
  };
}

function shareSum(a: Share, b: Share): Share {
  return { of: a.of + b.of, held: a.held + b.held };
}

function joined<T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>, add: (x: T, y: T) => T): Map<string, T> {
  const all = new Map(a);
  for (const [key, value] of b) {
    const there = all.get(key);
    all.set(key, there === undefined ? value : add(there, value));
  }
  return all;
}
