import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createRunDirectory,
  latestRun,
  pointLatest,
  removeDerived,
  runPaths,
  safeName,
} from '../../src/journal/run-directory.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'reports-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
const at = new Date('2026-11-22T08:15:03.999Z');

describe('run directory', () => {
  test('is <scenario>/<UTC stamp> with samples and derived; a second run in the same second gets its own', () => {
    const first = createRunDirectory(root, 'rolling deploy', at);
    expect(relative(root, first)).toBe(join('rolling-deploy', '20261122T081503Z'));
    expect(statSync(runPaths(first).samples).isDirectory()).toBe(true);
    expect(createRunDirectory(root, 'rolling deploy', at)).toBe(`${first}-2`);
    expect(createRunDirectory(root, 'rolling deploy', at)).toBe(`${first}-3`);
  });

  test('no scenario name leaves the root or takes the place of latest', () => {
    for (const name of [
      '../../etc',
      '..',
      '/abs',
      'a/b',
      'latest',
      'LATEST',
      '',
      '\0',
      '.hidden',
      'ünï',
      'x'.repeat(500),
    ]) {
      const dir = createRunDirectory(root, name, at);
      expect(relative(root, dir)).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]*[/\\]\d{8}T\d{6}Z(-\d+)?$/);
      expect(relative(root, dir)).not.toMatch(/^latest[/\\]/i);
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,84}$/.test(safeName(name))),
    );
  });

  test('latest points at the newest by a relative link that can be moved with the folder', () => {
    const first = createRunDirectory(root, 'a', at);
    const second = createRunDirectory(root, 'b', at);
    expect(latestRun(root)).toBeNull();
    expect(pointLatest(root, first)).toBeNull();
    expect(pointLatest(root, second)).toBeNull();
    expect(readlinkSync(join(root, 'latest'))).toBe(join('b', '20261122T081503Z'));
    expect(latestRun(root)).toBe(second);
  });

  test('where a link cannot be made it is a text file, and where nothing can be made the reason is returned', () => {
    const dir = createRunDirectory(root, 'a', at);
    // A folder in the way of the temporary link stands for a file system without links.
    mkdirSync(join(root, '.latest-a-20261122T081503Z'));
    expect(pointLatest(root, dir)).toBeNull();
    expect(readFileSync(join(root, 'latest'), 'utf8')).toBe(`${join('a', '20261122T081503Z')}\n`);
    expect(latestRun(root)).toBe(dir);
    rmSync(join(root, 'latest'));
    mkdirSync(join(root, 'latest'));
    expect(pointLatest(root, dir)).toMatch(/cannot update .*latest/);
  });

  test('removeDerived leaves the facts alone', () => {
    const dir = createRunDirectory(root, 'a', at);
    writeFileSync(runPaths(dir).events, 'x');
    writeFileSync(join(runPaths(dir).derived, 'result.json'), '{}');
    removeDerived(dir);
    removeDerived(dir);
    expect([existsSync(runPaths(dir).derived), existsSync(runPaths(dir).events)]).toEqual([false, true]);
  });

  test('a root that cannot be written is DISK_WRITE_FAILED with a hint', () => {
    writeFileSync(join(root, 'file'), '');
    const expected = expect.objectContaining({
      code: 'DISK_WRITE_FAILED',
      hint: expect.stringContaining('free space'),
    });
    expect(() => createRunDirectory(join(root, 'file'), 'a', at)).toThrow(expected);
  });
});
