import type { Comparison } from '../../domain/comparison.js';
import { canonical } from '../json.js';

const FIRST = ['schema', 'kind', 'name', 'headline', 'standing', 'recommendations', 'rows'];

/** `comparison.json`: everything the other reports show; the same study gives the same bytes. */
export function comparisonJson(comparison: Comparison): string {
  const keys = [
    ...FIRST,
    ...Object.keys(comparison)
      .filter((key) => !FIRST.includes(key))
      .sort(),
  ];
  const members = keys.map((key) => {
    const value = comparison[key as keyof Comparison];
    const isList = Array.isArray(value) && value.length > 0;
    const text = isList ? `[\n${value.map((v) => `    ${canonical(v)}`).join(',\n')}\n  ]` : canonical(value);
    return `  ${JSON.stringify(key)}: ${text}`;
  });
  return `{\n${members.join(',\n')}\n}\n`;
}
