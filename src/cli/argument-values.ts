import { readDuration } from '../config/quantity.js';
import { RollproofError } from '../domain/errors.js';

/** A duration given on the command line as scenario files write it, in ms. @throws RollproofError ARGUMENT_INVALID. */
export function durationMs(text: string): number {
  const read = readDuration(text);
  if (read.ok) return read.value;
  throw new RollproofError('ARGUMENT_INVALID', read.message, { hint: read.hint });
}

/** A whole number from 0 on. @throws RollproofError ARGUMENT_INVALID. */
export function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new RollproofError('ARGUMENT_INVALID', `'${text}' is not a whole number`, { hint: 'write it in digits' });
}
