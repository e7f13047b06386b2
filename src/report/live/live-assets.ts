import { fileURLToPath } from 'node:url';
import { bundled, squeezed } from '../html/assets.js';
import type { LiveAssets } from './live-page.js';

/** The report's style and the live page's script, from beside this compiled file. `readFile` gives a file as text. */
export function loadLiveAssets(readFile: (path: string) => string): LiveAssets {
  const read = (path: string): string =>
    readFile(fileURLToPath(new URL(`../html/${path}`, import.meta.url))).replaceAll('\r\n', '\n');
  return { css: squeezed(read('page.css')), js: bundled([read('page/live-run.js')]) };
}
