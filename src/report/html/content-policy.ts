import { createHash } from 'node:crypto';

/** The CSP source expression of one inlined block: `'sha256-…'` over its exact text. */
export function blockHash(block: string): string {
  return `'sha256-${createHash('sha256').update(block, 'utf8').digest('base64')}'`;
}

/**
 * Nothing may load, connect, submit or run but the blocks given: the page is opened inside CI servers' own origins,
 * where one injected script would act as the reader.
 */
export function contentPolicy(styles: readonly string[], scripts: readonly string[]): string {
  return [
    "default-src 'none'",
    'img-src data:',
    `style-src ${styles.map(blockHash).join(' ')}`,
    `script-src ${scripts.map(blockHash).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** The same for the split layout: the files beside the page and nothing else; a host's own stricter policy still holds. */
export function splitPolicy(): string {
  return "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'";
}
