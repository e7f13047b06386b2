import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const path = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** Null when Chromium may be used; else what to say. With ROLLPROOF_REQUIRE_TOOLS=1 an absent one is an error. */
export function chromiumMissing(): string | null {
  if (existsSync(path)) return null;
  const words = `Chromium is not at ${path}: the report's page was NOT tested in a browser. Install chromium or set CHROMIUM_PATH.`;
  if (process.env.ROLLPROOF_REQUIRE_TOOLS === '1') throw new Error(words);
  return words;
}

/** A real browser, quiet: no background traffic of its own. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}
