import { programOnPath } from '../../../src/lab/tool-missing.js';

/** HAProxy's path, or null after saying loudly what is not tried; with ROLLPROOF_REQUIRE_TOOLS=1 that is an error. */
export function haproxyOrSkip(): string | null {
  const program = programOnPath(process.env.ROLLPROOF_HAPROXY ?? 'haproxy', process.env.PATH ?? '');
  if (program !== null) return program;
  const words = "haproxy is not installed: the lab's HAProxy data plane was NOT tried (apt-get install haproxy)";
  if (process.env.ROLLPROOF_REQUIRE_TOOLS === '1') throw new Error(words);
  process.stderr.write(`\n*** ${words} ***\n`);
  return null;
}
