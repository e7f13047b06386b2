import { z } from 'zod';
import { type Reading, readDuration, readFlag, readNumber, readRate, readRatio } from '../quantity.js';

/**
 * Field kinds of the scenario file. Values reach the schema as text (see yaml-tree.ts); the numbers and booleans in the
 * unions are there for the JSON Schema, so that an editor accepts `rate: 200` as well as `rate: 200/s`.
 */
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const textOrNumber = z.union([z.string(), z.number()]);

/** A field whose text is read by `read`; its message and hint become the problem's. */
function reading<T>(
  read: (text: string) => Reading<T>,
  input: z.ZodType<string | number | boolean, string | number | boolean> = textOrNumber,
) {
  return input.transform((value, ctx): T => {
    const result = read(String(value));
    if (result.ok) return result.value;
    ctx.issues.push({ code: 'custom', message: result.message, params: { hint: result.hint }, input: value });
    return z.NEVER;
  });
}

/** Any text, numbers and booleans included, as written. */
export const text = () => scalar.transform(String);

/** Text that must not be empty and must match. `what` completes "is not …". */
export const pattern = (regex: RegExp, what: string, hint: string) =>
  reading(
    (value) =>
      value.trim() === ''
        ? { ok: false, message: 'is empty', hint }
        : regex.test(value)
          ? { ok: true, value }
          : { ok: false, message: `${JSON.stringify(value)} is not ${what}`, hint },
    scalar,
  );

/** Text that is not empty. */
export const someText = (hint: string) => pattern(/\S/, 'text', hint);

/** Words for names that appear in paths, phases and shell variables. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
export const name = (hint: string) =>
  pattern(NAME, 'a name of at most 63 letters, digits, dots, dashes and underscores', hint);

/** Empty text and null both mean "none", so that `${VAR:-}` can switch a value off. */
export const optionalText = () =>
  z
    .union([scalar, z.null()])
    .transform((value) => (value === null || value === '' ? null : String(value)))
    .prefault(null);

export const duration = () => reading((value) => readDuration(value));
/** A duration that may not be 0. */
export const someTime = () =>
  reading((value) => {
    const result = readDuration(value);
    if (result.ok && result.value === 0)
      return { ok: false, message: 'must be longer than 0', hint: 'write 60s, 500ms or 1m30s' };
    return result;
  });
export const rate = () => reading(readRate);
export const ratio = () => reading(readRatio);
/** A ratio strictly between 0 and 1. */
export const openRatio = (hint: string) =>
  reading((value) => {
    const result = readRatio(value);
    if (result.ok && (result.value === 0 || result.value === 1))
      return { ok: false, message: `"${value}" is not strictly between 0 and 1`, hint };
    return result;
  });
export const count = (min: number, max: number) => reading((value) => readNumber(value, { min, max, whole: true }));
export const amount = (min: number, max: number) => reading((value) => readNumber(value, { min, max, whole: false }));
export const flag = () => reading(readFlag, z.union([z.boolean(), z.string()]));
export const seed = () => count(0, 4_294_967_295);

/** A field that may be switched off by a word (`off`, `auto`) or null; read as null. */
export function orOff<T extends z.ZodType>(word: 'off' | 'auto', inner: T) {
  return z
    .union([z.literal(word), z.null(), inner])
    .transform((value) => (value === word ? null : (value as z.output<T> | null)));
}

/** Names to values, both text; the value may be a number in the file. */
export const textMap = () => z.record(z.string(), text());
