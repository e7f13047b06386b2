import { describe, expect, it } from 'vitest';
import { Dictionary } from '../../../src/traffic/embedded/dictionary.js';

describe('the dictionary of a sample column', () => {
  it('keeps its values although every response is read into the same buffer', () => {
    const shared = Buffer.alloc(16);
    const names = new Dictionary();
    const code = (text: string): number => names.codeOfBytes(shared, 2, 2 + shared.write(text, 2, 'latin1'));
    const codes = ['server-1', 'server-2', 'server-1', 'server-2', 'server-3'].map(code);
    expect(codes).toEqual([1, 2, 1, 2, 3]);
    expect(codes.map((c) => names.textOf(c))).toEqual(['server-1', 'server-2', 'server-1', 'server-2', 'server-3']);
    expect(names.takeNew()).toEqual(['server-1', 'server-2', 'server-3']);
  });

  it('takes an empty value for none, cuts long ones, and stops at 1,000', () => {
    const names = new Dictionary();
    expect(names.codeOfText('')).toBe(0);
    expect(names.textOf(0)).toBeNull();
    expect(names.textOf(names.codeOfText('x'.repeat(300)))).toBe('x'.repeat(256));
    for (let i = 0; i < 1200; i++) names.codeOfText(`v${i}`);
    expect(names.textOf(names.codeOfText('another'))).toBe('(other)');
    expect(names.textOf(names.codeOfText('v5'))).toBe('v5');
  });
});
