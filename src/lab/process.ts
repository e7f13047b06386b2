import { type RunningLab, startLab } from './lab.js';
import { labOptionsOf } from './options.js';
import { systemLabDeps } from './system.js';
import { ToolMissing } from './tool-missing.js';

/**
 * Entry of the lab's process: options as JSON in its first argument; one line of JSON on stdout when it runs (LabInfo)
 * or when it cannot ({"error"}, with "hint" when a tool is missing; exit 1). Ends on SIGTERM, SIGINT, SIGHUP and when its parent goes, its children with it.
 */
async function main(): Promise<void> {
  let lab: RunningLab | null = null;
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    // Children end by themselves when this process is gone, so a slow stop is cut short without leaving any.
    setTimeout(() => process.exit(0), 3_000).unref();
    const stopped = lab === null ? Promise.resolve() : lab.stop();
    stopped.finally(() => process.exit(0));
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);
  process.on('disconnect', end);
  // A parent that died while this process was loading has said its good-bye before anybody listened.
  if (!process.connected) return end();
  // A reader that left must not kill the lab by SIGPIPE's error.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  try {
    const options = labOptionsOf(JSON.parse(process.argv[2] ?? 'null'));
    lab = await startLab(options, systemLabDeps(reportFault));
    process.stdout.write(`${JSON.stringify(lab.info)}\n`);
  } catch (cause) {
    const error = cause instanceof Error ? cause.message : String(cause);
    const hint = cause instanceof ToolMissing ? cause.hint : undefined;
    process.stdout.write(`${JSON.stringify({ error, hint })}\n`, () => process.exit(1));
  }
}

function reportFault(cause: unknown): void {
  process.stderr.write(`lab: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`);
}

void main();
