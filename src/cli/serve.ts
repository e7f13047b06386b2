import { createReadStream, readFileSync, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { EXIT, RollproofError } from '../domain/errors.js';
import { squeezed } from '../report/html/assets.js';
import { rejoined } from '../report/html/report-html.js';
import { plainLine } from '../report/plain-text.js';
import { indexPolicy, renderRunsIndex } from '../report/runs/index-page.js';
import type { Io } from './io.js';
import { sendText, startLoopback } from './loopback-server.js';
import { portNumber } from './port-number.js';
import type { Finish } from './program.js';
import { runReader, runsBelow, SERVED_FILES, servedFile } from './run-files.js';

/** `rollproof serve [DIR]`: an index of runs and their reports for a browser on this machine, until Ctrl-C. */
export function addServe(program: Command, io: Io, finish: Finish): void {
  program
    .command('serve')
    .description('show all runs of a folder to a browser on this machine')
    .argument('[dir]', 'folder with run directories', 'reports')
    .option('--port <port>', 'port to listen on; any free one by default', portNumber, 0)
    .option('--open', 'open it in the browser')
    .action(async (dir: string, options: { port: number; open?: true }) => {
      const root = resolve(io.cwd, dir);
      if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true)
        throw new RollproofError('ARGUMENT_INVALID', `${dir} is not a folder`, {
          hint: 'give the folder that run directories are in; `rollproof demo` makes reports/',
        });
      const server = await listening(runsHandler(root), options.port);
      const address = `http://127.0.0.1:${server.port}/`;
      const stopped = new Promise<void>((done) => io.onSignal(() => done()));
      io.stdout.write(`serving ${plainLine(dir)} on ${address} (this machine only; Ctrl-C stops)\n`);
      if (options.open === true) await io.openInBrowser(address);
      await stopped;
      await server.close();
      finish(EXIT.pass);
    });
}

async function listening(handle: Parameters<typeof startLoopback>[0], port: number) {
  try {
    return await startLoopback(handle, { port, holdsProcess: true });
  } catch (cause) {
    throw new RollproofError(
      'ARGUMENT_INVALID',
      `cannot listen on port ${port}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { hint: 'leave --port out to take any free one', cause },
    );
  }
}

/**
 * A report is a page that somebody else may have written: it runs in an origin of its own (sandbox), reaches no
 * network, and sees no other report.
 */
const REPORT_POLICY =
  "sandbox allow-scripts allow-modals allow-downloads; default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const FILE_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'";

/** Answers `/` with the index and `/runs/<run>/<file>` with a known file of a run that is there; nothing else. */
export function runsHandler(root: string): Parameters<typeof startLoopback>[0] {
  const read = (path: string) => readFileSync(fileURLToPath(new URL(`../report/${path}`, import.meta.url)), 'utf8');
  const css = squeezed(`${read('html/page.css')}\n${read('runs/runs.css')}`.replaceAll('\r\n', '\n'));
  const readRuns = runReader(root);
  return (request, response) => {
    const path = pathOf(request.url ?? '/');
    if (path !== null && path.length === 1 && path[0] === '') {
      const { entries, omitted } = readRuns();
      response.writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': indexPolicy(css),
      });
      response.end(request.method === 'HEAD' ? undefined : renderRunsIndex(entries, omitted, css));
      return;
    }
    const file = path === null ? null : fileAt(root, path);
    if (file === null) sendText(response, 404, 'nothing is here');
    else sendFile(response, file, request.method === 'HEAD');
  };
}

/** The decoded parts of an address's path, or null when it is no address of ours. */
function pathOf(url: string): string[] | null {
  const [path = ''] = url.split('?');
  try {
    return path.slice(1).split('/').map(decodeURIComponent);
  } catch (error) {
    // A lone % and the like.
    void error;
    return null;
  }
}

interface Served {
  readonly path: string;
  readonly type: string;
  /** Another known file of the same run, or null. */
  readonly beside: (name: string) => string | null;
}

/** Only runs that a look at the disk finds, and only their known files: no part of the address becomes a path. */
function fileAt(root: string, [first, ...rest]: readonly string[]): Served | null {
  if (first !== 'runs') return null;
  const run = runsBelow(root).find((r) => r.length < rest.length && r.every((name, i) => name === rest[i]));
  if (run === undefined) return null;
  const name = rest.slice(run.length).join('/');
  const beside = (file: string) => servedFile(root, run, file);
  const path = beside(name);
  const type = SERVED_FILES[name];
  return path === null || type === undefined ? null : { path, type, beside };
}

function sendFile(response: ServerResponse, { path, type, beside }: Served, headOnly: boolean): void {
  response.writeHead(200, {
    'content-type': type,
    'content-security-policy': type.startsWith('text/html') ? REPORT_POLICY : FILE_POLICY,
  });
  if (headOnly) {
    response.end();
    return;
  }
  const whole = type.startsWith('text/html') ? splitPage(path, beside) : null;
  if (whole !== null) {
    response.end(whole);
    return;
  }
  createReadStream(path)
    .on('error', () => response.destroy())
    .pipe(response);
}

/** A report in the split layout, made one page again; null = it is one page already. */
function splitPage(page: string, beside: Served['beside']): string | null {
  const [css, js] = [beside('report.css'), beside('report.js')];
  if (css === null || js === null) return null;
  const text = (path: string) => readFileSync(path, 'utf8');
  return rejoined(text(page), text(css), text(js));
}
