import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { historyPath } from '../../src/cli/history-file.js';
import { main } from '../../src/cli/program.js';
import type { PlaceHistory } from '../../src/domain/comparison.js';
import { fakeIo } from '../support/fake-io.js';

const SAMPLE = fileURLToPath(new URL('../../reports/sample', import.meta.url));

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'history-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** The sample run once more, at another place and time of its own. */
function runIn(dir: string, change: readonly (readonly [string, string])[] = []): string {
  const path = join(root, dir);
  mkdirSync(path, { recursive: true });
  cpSync(SAMPLE, path, { recursive: true });
  const events = join(path, 'events.ndjson');
  const text = change.reduce(
    (t, [from, to]) => {
      if (!t.includes(from)) throw new Error(`the sample has no ${from}`);
      return t.replace(from, to);
    },
    readFileSync(events, 'utf8'),
  );
  writeFileSync(events, text);
  return path;
}

async function history(...argv: string[]) {
  const { io, out, err } = fakeIo({ cwd: root });
  const code = await main(['history', '-o', '.', ...argv], io);
  return { code, out: out(), err: err() };
}
const places = async (...argv: string[]) => JSON.parse((await history('--json', ...argv)).out) as PlaceHistory[];
const SECOND = [['"startedAtWall":"2', '"startedAtWall":"1']] as const;

describe('rollproof history', () => {
  it('adds each run once, however often it is asked and reported', async () => {
    const [one, two] = [runIn('a/1'), runIn('a/2', SECOND)];
    expect((await places('--add', one, two))[0]?.entries).toHaveLength(2);
    const before = readFileSync(historyPath(root), 'utf8');
    const { io } = fakeIo({ cwd: root });
    await main(['report', one], io);
    await main(['report', one], io);
    await history('--add', one, two, one);
    expect(readFileSync(historyPath(root), 'utf8')).toBe(before);
  });

  it('never pools the lab with anything real, nor two environments', async () => {
    const lab = runIn('a/1');
    const elsewhere = runIn('a/2', [...SECOND, ['"environment":"lab"', '"environment":"staging"']]);
    const found = await places('--add', lab, elsewhere);
    expect(found.map((p) => [p.place.environment, p.deploys + p.undecided])).toEqual(
      expect.arrayContaining([
        ['lab', 1],
        ['staging', 1],
      ]),
    );
    const { out } = await history();
    expect(out.split('\n\n').length).toBe(2);
  });

  it('counts the verdict of a run in a folder called runs, but not that of a run of a study', async () => {
    const plain = runIn('runs/sample/1');
    const tried = runIn('study/runs/sample/1', SECOND);
    writeFileSync(join(root, 'study', 'study.ndjson'), '');
    const [place] = await places('--add', plain, tried);
    expect(place?.entries.map((e) => e.study).sort()).toEqual([false, true]);
    expect((place?.deploys ?? 0) + (place?.undecided ?? 0)).toBe(1);
  });
});
