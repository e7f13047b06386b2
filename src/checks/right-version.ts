import { type Check, type CheckMeta, failed, passed } from './check.js';
import { counted, listed } from './figures.js';

const meta: CheckMeta = {
  id: 'right-version',
  title: 'No target served the old version after it was attached again',
  failureTitle: 'A target served the old version after it was attached again',
  why: 'A deploy that leaves the old version running is green on every status code.',
  docs: { STALE_VERSION: 'A target answered with the old version after its attach.' },
};

/** Row 3. */
export const rightVersion: Check = {
  meta,
  evaluate({ counts, replacements }) {
    const stale = counts.stale;
    const figures = { measured: counted(stale, 'response'), threshold: '0' };
    if (stale === 0) return passed(meta, 'every answer after an attach came from the new version', figures);
    const targets = replacements.filter((r) => r.staleResponses > 0).map((r) => r.target);
    const message = `${counted(stale, 'response')} came from the old version: ${listed(targets) || 'a target'} ${targets.length > 1 ? 'were' : 'was'} attached again without being replaced`;
    return failed(meta, 'STALE_VERSION', {
      ...figures,
      message,
      hint: 'Check that the deploy command really restarts the application, and that no old process keeps the port.',
    });
  },
};
