import type { RunResult } from '../../src/domain/result.js';

/** Marks an attack that became markup: no parsed element or attribute may carry it outside text. */
export const HOSTILE_MARK = 'pwned';

/** Every trick in one string: tags, quotes, comment and CDATA ends, ANSI, NUL, BEL, bidi override, lone surrogates, JSON line ends. */
export const HOSTILE_TEXT =
  '"\'><img src=x onerror=pwned()><script>pwned()</script></script></title></style><!-- ]]> -->' +
  '&lt;b&gt;\u001b[31mred\u001b[0m\u0000\u0007\u202e\u2028\u2029\ud800x\udc00\uffff`$' +
  '{pwned}`|javascript:pwned()';

/** Strings the contract itself fixes (unions) or that address something; everything else is attacked. */
const KEPT_KEYS = new Set([
  'schema',
  'kind',
  'class',
  'origin',
  'code',
  'codes',
  'warnings',
  'status',
  'state',
  'level',
  'lane',
  'errorPhase',
  'event',
  'operation',
  'what',
  'strategy',
  'wait',
  'mode',
  'dns',
  'engine',
  'deploy',
  'replaced',
  'startedAtWall',
]);

function attacked(value: unknown, key: string, text: string): unknown {
  if (typeof value === 'string') return KEPT_KEYS.has(key) ? value : `${value}${text}`;
  if (Array.isArray(value)) return value.map((v) => attacked(v, key, text));
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, attacked(v, k, text)]));
  return value;
}

/** The result with the given text appended to every free string, however deep, and as keys of the open maps. */
export function poisoned(clean: RunResult, text = HOSTILE_TEXT): RunResult {
  const result = attacked(clean, '', text) as RunResult;
  return {
    ...result,
    failures: result.failures.slice(0, 40),
    run: { ...result.run, stillDetached: [text], tools: { [text]: text } },
  };
}
