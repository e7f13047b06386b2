import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { IMPORT_TABLE, importTableMarkdown, PACKAGE_TABLE } from './import-table.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = join(ROOT, 'src');
const FILES = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map((f) => f.split(sep).join('/'))
  .filter((f) => f.endsWith('.ts'));
const text = (file: string) => readFileSync(join(SRC, file), 'utf8');
const code = (file: string) => withoutComments(text(file));

/** Files that may touch time, randomness, the process or its environment: entry points and the real clock. */
const AMBIENT_FILES = new Set([
  'main.ts',
  'cli/process-io.ts',
  'run/clock.ts',
  'run/lock.ts',
  'pipeline/deployers/command.ts',
  'pipeline/deployers/process-group.ts',
  'lab/process.ts',
  'lab/app/process.ts',
  'lab/system.ts',
  'lab/dataplane/node-clock.ts',
  'traffic/embedded/thread-host.ts',
  'traffic/embedded/worker.ts',
  'traffic/foreign/process-host.ts',
]);
const AMBIENT =
  /(?<![\w./'"-])(Date\.now|performance\.now|Math\.random|process\.(?!memoryUsage\b)\w+|console\.\w+|new Date\(\))/;

describe('the shape of src/', () => {
  it('imports only downwards (docs/architecture.md)', () => {
    const wrong = FILES.flatMap((file) =>
      relativeImports(file)
        .map((target) => [room(file), room(target)] as const)
        .filter(([from, to]) => from !== to && !(IMPORT_TABLE[from] ?? []).includes(to))
        .map(([from, to]) => `${file}: ${from} may not import ${to}`),
    );
    expect(wrong).toEqual([]);
    expect(FILES.map(room).filter((r) => !(r in IMPORT_TABLE))).toEqual([]);
  });

  it('keeps each outside package in its room', () => {
    const wrong = FILES.flatMap((file) =>
      packageImports(file)
        .filter((name) => {
          const entry = Object.entries(PACKAGE_TABLE).find(([p]) => name === p || name.startsWith(p));
          return entry !== undefined && !entry[1].some((place) => file.startsWith(place));
        })
        .map((name) => `${file}: ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('declares every package it imports', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const known = new Set(Object.keys(manifest.dependencies));
    const unknown = FILES.flatMap((file) =>
      packageImports(file).map((name) =>
        name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      ),
    ).filter((name) => !known.has(name));
    expect([...new Set(unknown)]).toEqual([]);
  });

  it('takes time, randomness and the process as arguments', () => {
    const wrong = FILES.filter((f) => !AMBIENT_FILES.has(f) && !f.startsWith('report/html/page/')).filter((f) =>
      AMBIENT.test(code(f)),
    );
    expect(wrong.map((f) => `${f}: ${AMBIENT.exec(code(f))?.[0]}`)).toEqual([]);
    expect([...AMBIENT_FILES].filter((f) => !FILES.includes(f))).toEqual([]);
  });

  it('has small files with a median of about 80 lines and none over 300', () => {
    const lines = FILES.map((f) => text(f).split('\n').length).sort((a, b) => a - b);
    expect(FILES.filter((f) => text(f).split('\n').length > 301)).toEqual([]);
    expect(lines[Math.floor(lines.length / 2)]).toBeLessThanOrEqual(110);
  });

  it('has no rooms whose names say nothing', () => {
    expect(FILES.filter((f) => /(^|\/)(utils?|helpers?|common|misc)(\/|\.ts$)/.test(f))).toEqual([]);
  });

  it('shows the import table in docs/architecture.md', () => {
    expect(readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')).toContain(importTableMarkdown());
  });
});

function room(file: string): string {
  const first = file.split('/')[0] ?? '';
  return first.replace(/\.ts$/, '');
}

function specifiers(file: string): string[] {
  return [...code(file).matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\()\s*['"]([^'"]+)['"]/g)].map((m) => m[1] ?? '');
}

function relativeImports(file: string): string[] {
  return specifiers(file)
    .filter((s) => s.startsWith('.'))
    .map((s) =>
      relative(SRC, resolve(SRC, dirname(file), s))
        .split(sep)
        .join('/')
        .replace(/\.js$/, '.ts'),
    );
}

function packageImports(file: string): string[] {
  return specifiers(file).filter((s) => !s.startsWith('.') && !s.startsWith('node:'));
}

/** Comments may name what code may not use. Good enough for our own formatting; strings keep their contents. */
function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/[^\n]*/g, '$1');
}
