import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/domain/result.js';
import type { VerdictKind } from '../../src/domain/verdict.js';
import { renderJunit } from '../../src/report/junit.js';
import { xmlAttribute, xmlText } from '../../src/report/xml-escape.js';
import { failResult, HOSTILE_TEXT, hostileResult, inconclusiveResult, passResult } from './fixture-results.js';
import { type XmlElement, xmlDocument } from './xml-document.js';

const suiteOf = (result: RunResult): XmlElement => xmlDocument(renderJunit(result)).children[0]!;
const casesOf = (result: RunResult): XmlElement[] => suiteOf(result).children.filter((c) => c.name === 'testcase');
const has = (testcase: XmlElement, kind: string): boolean => testcase.children.some((c) => c.name === kind);
const caseNamed = (result: RunResult, name: string): XmlElement =>
  casesOf(result).find((c) => c.attributes.name === name)!;

describe('junit.xml', () => {
  test('declares itself on line 1 alone, without DOCTYPE', () => {
    const text = renderJunit(failResult());
    expect(text.split('\n')[0]).toBe('<?xml version="1.0" encoding="UTF-8"?>');
    expect(text).not.toContain('<!DOCTYPE');
    expect(text.endsWith('</testsuites>\n')).toBe(true);
  });

  test('a PASS has no failure and no error, anything else is red in the verdict case itself', () => {
    expect(suiteOf(passResult()).attributes).toMatchObject({
      name: 'zero-downtime: checkout',
      failures: '0',
      errors: '0',
    });
    expect(has(caseNamed(failResult(), 'verdict'), 'failure')).toBe(true);
    for (const kind of ['INCONCLUSIVE', 'ERROR'] satisfies VerdictKind[]) {
      const bare = passResult();
      const result = { ...bare, checks: [], verdict: { ...bare.verdict, kind } };
      expect(has(caseNamed(result, 'verdict'), 'error'), kind).toBe(true);
      expect(suiteOf(result).attributes).toMatchObject({ failures: '0', errors: '1' });
    }
  });

  test('an inconclusive check is an error and never skipped', () => {
    const testcase = caseNamed(inconclusiveResult(), 'check enough-requests: Enough requests for the objective');
    expect([has(testcase, 'error'), has(testcase, 'skipped')]).toEqual([true, false]);
    expect(testcase.children[0]!.attributes.type).toBe('TOO_FEW_REQUESTS');
  });

  test('totals count the cases, and the times add up to the run', () => {
    for (const result of [passResult(), failResult(), inconclusiveResult(), hostileResult()]) {
      const cases = casesOf(result);
      const count = (kind: string) => String(cases.filter((c) => has(c, kind)).length);
      expect(suiteOf(result).attributes).toMatchObject({
        tests: String(cases.length),
        failures: count('failure'),
        errors: count('error'),
        skipped: count('skipped'),
      });
      const sum = cases.reduce((total, c) => total + Number(c.attributes.time), 0);
      expect(sum).toBeCloseTo(result.run.durationMs / 1000, 2);
      expect(Number(suiteOf(result).attributes.time)).toBeCloseTo(sum, 6);
    }
  });

  test('names are unique and the same whatever was measured', () => {
    const names = (result: RunResult) => casesOf(result).map((c) => c.attributes.name!);
    const pass = passResult();
    expect(new Set(names(pass)).size).toBe(names(pass).length);
    const other = { ...failResult(), timeline: pass.timeline };
    expect(names(other)).toEqual(names(pass));
    expect(casesOf(pass).every((c) => c.attributes.classname === 'rollproof.checkout')).toBe(true);
    const twice = { ...pass, checks: [...pass.checks, ...pass.checks] };
    expect(new Set(names(twice)).size).toBe(names(twice).length);
  });

  test('a failed and an unfinished step are errors', () => {
    const pass = passResult();
    const [first, second, ...others] = pass.timeline.steps;
    const steps = [
      { ...first!, state: 'failed' as const, error: 'no' },
      { ...second!, state: 'open' as const },
      ...others,
    ];
    const cases = casesOf({ ...pass, timeline: { ...pass.timeline, steps } });
    const types = cases.flatMap((c) => c.children.filter((k) => k.name === 'error').map((k) => k.attributes.type));
    expect(types).toEqual(['StepFailed', 'StepUnfinished']);
  });

  test('the report is attached', () => {
    expect(suiteOf(passResult()).children.at(-1)).toMatchObject({
      name: 'system-out',
      text: '[[ATTACHMENT|report.html]]',
    });
  });

  test('hostile text stays text: well-formed, no elements of its own, nothing a terminal obeys', () => {
    const text = renderJunit(hostileResult());
    expect(text).not.toContain('\u001b');
    const names = new Set<string>();
    const walk = (e: XmlElement): void => {
      names.add(e.name);
      e.children.forEach(walk);
    };
    walk(xmlDocument(text));
    const known = [
      'testsuites',
      'testsuite',
      'properties',
      'property',
      'testcase',
      'failure',
      'error',
      'skipped',
      'system-out',
    ];
    expect([...names].filter((name) => !known.includes(name))).toEqual([]);
    expect(suiteOf(hostileResult()).attributes.name).toContain('<script>pwned()</script>');
  });

  test('any text escapes to well-formed XML that reads back as what is visible', () => {
    const unit = fc.oneof(
      fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
      fc.constantFrom('<', '&', ']]>', '"', '\n', '\u001b[31m', HOSTILE_TEXT),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 20 }), (parts) => {
        const text = parts.join('');
        const root = xmlDocument(
          `<?xml version="1.0" encoding="UTF-8"?>\n<a b="${xmlAttribute(text)}">${xmlText(text)}</a>`,
        );
        expect(root.children).toEqual([]);
        expect(root.attributes.b).toBe(root.text);
      }),
      { numRuns: 300 },
    );
    expect(xmlAttribute('a\nb\tc "&')).toBe('a&#10;b&#9;c &quot;&amp;');
    expect(xmlText('x'.repeat(5000)).length).toBe(4000);
  });
});
