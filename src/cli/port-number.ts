import { RollproofError } from '../domain/errors.js';

/** A TCP port given on the command line; 0 = any free one. @throws RollproofError ARGUMENT_INVALID. */
export function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new RollproofError('ARGUMENT_INVALID', `'${text}' is not a port number`, {
    hint: 'give a whole number from 0 to 65535; 0 takes any free port',
  });
}
