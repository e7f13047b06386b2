// Builds dist/: the program (tsconfig.json), the report's page script (tsconfig.page.json) and the page's static files.
// Runs from `npm ci` (prepare) and `npm test`; a consumer of the published package has dist/ already and no src/.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));
if (existsSync(`${root}src`)) {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  rmSync(`${root}dist`, { recursive: true, force: true });
  for (const project of ['tsconfig.json', 'tsconfig.page.json']) {
    if (project === 'tsconfig.page.json' && !existsSync(`${root}src/report/html/page`)) continue;
    const run = spawnSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: 'inherit' });
    if (run.status !== 0) process.exit(run.status ?? 1);
  }
  for (const file of ['src/report/html/page.css', 'src/report/runs/runs.css']) {
    if (existsSync(`${root}${file}`)) cpSync(`${root}${file}`, `${root}${file.replace('src/', 'dist/')}`);
  }
  if (existsSync(`${root}dist/main.js`)) chmodSync(`${root}dist/main.js`, 0o755);
}
