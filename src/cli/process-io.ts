import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../domain/errors.js';
import { asciiText, isAsciiLocale } from '../report/ascii.js';
import { errorText } from './error-text.js';
import type { Io, Output } from './io.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The real process behind Io: the only place of the command line that touches it. */
export function processIo(): Io {
  // The SDK's advice to move to Node 22 is for us, not for the user's CI log; it must be set before the first client.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  process.on('uncaughtException', crash);
  return {
    stdout: output(process.stdout),
    stderr: isAsciiLocale(process.env) ? output(process.stderr, asciiText) : output(process.stderr),
    stdinIsTty: process.stdin.isTTY === true,
    async ask(question) {
      const terminal = createInterface({ input: process.stdin, output: process.stderr });
      try {
        // The end of a piped input closes the interface and leaves the question without an end.
        return await Promise.race([terminal.question(question), once(terminal, 'close').then(() => null)]);
      } catch (ctrlC) {
        if (ctrlC instanceof Error && ctrlC.name === 'AbortError') return null;
        throw ctrlC;
      } finally {
        terminal.close();
      }
    },
    env: process.env,
    cwd: process.cwd(),
    self: [process.execPath, fileURLToPath(new URL('../main.js', import.meta.url))],
    tools: { node: process.version, platform: `${process.platform}-${process.arch}` },
    monotonicNs: () => process.hrtime.bigint(),
    wallTime: () => new Date(),
    randomToken: () => randomBytes(16).toString('hex'),
    openInBrowser,
    onSignal(handler) {
      const listeners = SIGNALS.map((name) => [name, () => handler(name)] as const);
      for (const [name, listener] of listeners) process.on(name, listener);
      return () => {
        for (const [name, listener] of listeners) process.off(name, listener);
      };
    },
    onFault(handler) {
      process.prependListener('uncaughtException', handler);
      process.off('uncaughtException', crash);
      return () => {
        process.off('uncaughtException', handler);
        if (!process.listeners('uncaughtException').includes(crash)) process.on('uncaughtException', crash);
      };
    },
    exitNow: (code) => process.exit(code),
  };
}

/** Node's own end is exit code 1, which would read as FAIL. */
function crash(cause: unknown): never {
  process.stderr.write(errorText(cause, { env: process.env }));
  process.exit(EXIT.internal);
}

/** A reader that went away (`| head`) must not turn into a crash in the middle of a roll. */
function output(stream: NodeJS.WriteStream, shown = (text: string) => text): Output {
  stream.on('error', () => undefined);
  return {
    write: (text) => void stream.write(shown(text)),
    isTty: stream.isTTY === true,
    get columns() {
      // A pseudo-terminal without a size says 0.
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
  };
}

/** The system's own way to open an address; nothing of it goes through a shell. */
function openInBrowser(address: string): Promise<boolean> {
  const [command, ...argv] =
    process.platform === 'darwin'
      ? ['open', address]
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler', address]
        : ['xdg-open', address];
  return new Promise((resolve) => {
    const child = spawn(command, argv, { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
