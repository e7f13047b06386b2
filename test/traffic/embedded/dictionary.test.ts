import { expect, it } from 'vitest';
import { Dictionary } from '../../../src/traffic/embedded/dictionary.js';

it('keeps its own copy of a value: the socket fills its buffer again', () => {
  const dictionary = new Dictionary();
  const shared = Buffer.from('s1');
  const first = dictionary.codeOfBytes(shared, 0, 2);
  shared.write('s2');
  const second = dictionary.codeOfBytes(shared, 0, 2);
  expect([dictionary.textOf(first), dictionary.textOf(second)]).toEqual(['s1', 's2']);
});
