import { type ChildProcess, spawn } from 'node:child_process';

const STDERR_CHARS = 2_000;

/**
 * Runs in /bin/sh between the lab and HAProxy, because HAProxy would outlive a lab that is killed: when the lab's end
 * of the pipe on stdin closes, for whatever reason, HAProxy is killed and its folder removed. The first line out is
 * HAProxy's process id; the exit code is HAProxy's.
 */
const GUARD = `
exec 3<&0
folder=$1; shift
"$@" 3<&- </dev/null >/dev/null &
haproxy=$!
echo "$haproxy"
{
  read -r never <&3
  cd / && rm -rf -- "$folder"
  kill -9 "$haproxy"
} 2>/dev/null >/dev/null &
watch=$!
exec >/dev/null 3<&-
wait "$haproxy"
code=$?
kill -9 "$watch" 2>/dev/null
exit "$code"
`;

/** A HAProxy that lives no longer than this process. */
export interface GuardedHaproxy {
  /** HAProxy's own; rejects when nothing could be started. */
  readonly pid: Promise<number>;
  /** Resolves with what it said on stderr (the last of it) when it ended, for whatever reason. */
  readonly exited: Promise<string>;
  kill(): Promise<void>;
}

/**
 * Starts HAProxy in `folder`, which is removed when the lab is killed.
 * @param killProcess sends SIGKILL to a process id; for the case that the guard itself was killed.
 */
export function startGuarded(
  program: string,
  folder: string,
  configFile: string,
  killProcess: (pid: number) => void,
): GuardedHaproxy {
  const child = spawn('/bin/sh', ['-c', GUARD, 'rollproof-haproxy', folder, program, '-db', '-f', configFile], {
    cwd: folder,
    // Nothing of this process's environment can change what HAProxy does.
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-STDERR_CHARS);
  });
  // The guard may be gone before its pipe is closed.
  child.stdin.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (cause) => {
      stderr = `${cause.message}\n${stderr}`;
      if (child.pid === undefined) resolve();
    });
  });
  const pid = firstLine(child, closed);
  pid.catch(() => undefined);
  // A guard that was killed leaves HAProxy to us.
  child.once('exit', (_code, signal) => {
    if (signal !== null) void pid.then(killProcess, () => undefined);
  });
  return {
    pid,
    exited: closed.then(() => stderr.trim()),
    kill: async () => {
      child.stdin.end();
      await closed;
    },
  };
}

function firstLine(child: ChildProcess, closed: Promise<void>): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (/^\d+\n/.test(text)) resolve(Number.parseInt(text, 10));
    });
    void closed.then(() => reject(new Error('HAProxy was not started')));
  });
}
