import { readFileSync } from 'node:fs';
import { join, parse } from 'node:path';

/** Names CI servers give the revision they build, first found wins. */
const CI_VARIABLES = ['GITHUB_SHA', 'CI_COMMIT_SHA', 'GIT_COMMIT', 'GO_REVISION'] as const;

/** The commit this run belongs to, from CI or from `.git` itself (no git needed); null when there is none. */
export function gitRevision(cwd: string, env: Readonly<Record<string, string | undefined>>): string | null {
  for (const name of CI_VARIABLES) {
    const value = env[name];
    if (value !== undefined && /^[0-9a-f]{7,64}$/.test(value)) return value;
  }
  for (let dir = cwd; ; dir = join(dir, '..')) {
    const head = textOf(join(dir, '.git', 'HEAD'));
    if (head !== null) return resolved(join(dir, '.git'), head);
    if (dir === parse(dir).root) return null;
  }
}

function resolved(gitDir: string, head: string): string | null {
  const ref = /^ref: (refs\/[\w./-]+)$/.exec(head)?.[1];
  if (ref === undefined) return /^[0-9a-f]{40,64}$/.test(head) ? head : null;
  const loose = textOf(join(gitDir, ref));
  if (loose !== null) return loose;
  const packed = textOf(join(gitDir, 'packed-refs')) ?? '';
  return (
    packed
      .split('\n')
      .find((line) => line.endsWith(` ${ref}`))
      ?.split(' ')[0] ?? null
  );
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (absent) {
    void absent;
    return null;
  }
}
