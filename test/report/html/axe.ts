import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds wrong on the page as it stands: one line per element, empty when nothing. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(source);
  return (await page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap((v) => v.nodes.map((n) => v.id + ': ' + n.target.join(' ') + ' | ' + n.failureSummary)))`)) as string[];
}
