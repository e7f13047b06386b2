import { detectCi } from '../report/ci/detect.js';
import { gitlabSectionEnd, gitlabSectionStart } from '../report/ci/gitlab.js';
import type { Io } from './io.js';

const SECTION = 'rollproof_progress';

/**
 * Folds the progress lines of a run away in the logs of CI servers that can, so that the verdict is what one sees.
 * @returns what ends the fold; nothing is printed elsewhere.
 */
export function foldedInCi(io: Pick<Io, 'env' | 'stderr' | 'wallTime'>): () => void {
  const seconds = () => Math.floor(io.wallTime().getTime() / 1000);
  const ci = detectCi(io.env);
  if (ci === 'github') {
    io.stderr.write('::group::rollproof: progress\n');
    return () => io.stderr.write('::endgroup::\n');
  }
  if (ci === 'gitlab') {
    io.stderr.write(gitlabSectionStart(SECTION, 'rollproof: progress', seconds()));
    return () => io.stderr.write(gitlabSectionEnd(SECTION, seconds()));
  }
  return () => undefined;
}
