// Packs the package as it would be published, installs it with npm and pnpm into folders of their own, and uses it there:
// version, doctor, one demo, and the pictures of its report. `npm run pack:check`; about two minutes, needs the npm registry.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PNPM = 'pnpm@10';
const MUST = [
  'dist/main.js',
  'dist/report/html/page.css',
  'scenarios/lab.yaml',
  'scenarios/k6/probe.ts',
  'vendor/canvas/index.js',
  'docs/verdict.md',
  'README.md',
  'LICENSE',
];
const MUST_NOT = /^(src|test|bench|reports|\.ci|\.github)\/|\.test\.|\.tsbuildinfo$|\.arrows$/;

const work = mkdtempSync(join(tmpdir(), 'rollproof-pack-'));
const env = {
  ...process.env,
  ROLLPROOF_STATE_DIR: join(work, 'state'),
  AWS_EC2_METADATA_DISABLED: 'true',
  NO_COLOR: '1',
};
const say = (text) => process.stdout.write(`${text}\n`);

function run(cwd, command, ...args) {
  const done = spawnSync(command, args, { cwd, env, encoding: 'utf8', maxBuffer: 1e8 });
  if (done.status === 0) return done.stdout;
  throw new Error(
    `${command} ${args.join(' ')} ended with ${done.status ?? done.signal}\n${done.stdout}\n${done.stderr}`,
  );
}

function check(holds, what) {
  if (!holds) throw new Error(what);
}

function packed() {
  const [{ filename, files }] = JSON.parse(
    run(ROOT, 'npm', 'pack', '--json', '--silent', '--pack-destination', work).replace(/^[^[]*/, ''),
  );
  const paths = files.map(({ path }) => path);
  for (const path of MUST) check(paths.includes(path), `the package lacks ${path}`);
  const junk = paths.filter((path) => MUST_NOT.test(path) && !path.startsWith('node_modules/'));
  check(junk.length === 0, `the package holds what nobody needs: ${junk.slice(0, 5).join(', ')}`);
  say(`packed ${filename}: ${paths.length} files`);
  return join(work, filename);
}

function installed(name, install) {
  const folder = join(work, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: `${name}-consumer`, private: true }));
  install(folder);
  return { folder, rollproof: (...args) => run(folder, join(folder, 'node_modules', '.bin', 'rollproof'), ...args) };
}

function pictures(dir) {
  const charts = join(dir, 'derived', 'charts');
  const names = readdirSync(charts).filter((file) => file.endsWith('.png'));
  check(names.length >= 3, `only ${names.length} pictures in ${charts}`);
  for (const name of names) {
    const bytes = readFileSync(join(charts, name));
    check(bytes.length > 5000 && bytes.subarray(1, 4).toString('latin1') === 'PNG', `${name} is no picture`);
  }
  return names.length;
}

try {
  const tarball = packed();
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const npm = installed('npm', (folder) =>
    run(folder, 'npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', tarball),
  );
  check(npm.rollproof('--version').trim() === version, 'npm: the version is another');
  check(
    /every engine sees what it vouches for/.test(npm.rollproof('doctor', '--engine', 'embedded')),
    'npm: doctor finds something',
  );
  check(npm.rollproof('completion', 'bash').includes('_rollproof'), 'npm: no completion');
  const result = JSON.parse(npm.rollproof('demo', '--quiet', '--json', '-o', 'reports'));
  check(result.verdict.kind === 'PASS', `npm: the demo ended in ${result.verdict.kind}: ${result.verdict.sentence}`);
  const dir = join(npm.folder, 'reports', 'latest');
  say(
    `npm ${run(ROOT, 'npm', '--version').trim()}: version, doctor, completion, demo (PASS) and ${pictures(dir)} pictures`,
  );

  const pnpm = installed('pnpm', (folder) => run(folder, 'npx', '--yes', PNPM, 'add', '--reporter=silent', tarball));
  check(pnpm.rollproof('--version').trim() === version, 'pnpm: the version is another');
  // The engine was tested above; a machine that has become busy must not pass for a broken package.
  check(/chart pictures can be drawn/.test(pnpm.rollproof('doctor', '--no-self-test')), 'pnpm: doctor finds something');
  rmSync(join(dir, 'derived'), { recursive: true, force: true });
  pnpm.rollproof('report', dir);
  say(`${PNPM}: version, doctor, and ${pictures(dir)} pictures of the same run`);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
