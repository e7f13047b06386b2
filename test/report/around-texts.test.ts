import { describe, expect, it } from 'vitest';
import type { EventAlignment } from '../../src/domain/outage.js';
import { aroundSentence, chanceSentence, marginWords, worstStretches } from '../../src/report/around-texts.js';
import { renderConsole } from '../../src/report/console.js';
import { renderMarkdown } from '../../src/report/markdown.js';
import { failResult, passResult } from './fixture-results.js';

const bin = (from: number, failures: number, requests: number): EventAlignment['bins'][number] => ({
  from,
  to: from + 250,
  failures,
  requests,
  rate: requests === 0 ? null : failures / requests,
  lower: 0,
  upper: 1,
});
const alignment: EventAlignment = {
  event: 'detach',
  events: 2,
  lagMs: 3000,
  outages: 1,
  p: 0.25,
  bins: [bin(-250, 0, 10), bin(0, 1, 10), bin(250, 10, 10), bin(500, 20, 20), bin(750, 0, 0)],
};
const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

describe('failures around the steps, in words', () => {
  it('names the worst quarter second after the step, of equal shares the one with most failures', () => {
    expect(plain(aroundSentence(alignment))).toBe(
      'After the 2 detaches it was worst 500 ms after the detach: all 20 requests failed within 250 ms.',
    );
    const early = { ...alignment, events: 1, bins: [bin(-250, 5, 5), bin(0, 0, 5)] };
    expect(plain(aroundSentence(early))).toBe(
      'No request failed within 250 ms after the only detach; what failed before is no consequence of it.',
    );
  });

  it('never says more of the timing than its p-value does', () => {
    expect(plain(chanceSentence(alignment))).toMatch(/in 25 % of the cases: that can be chance\.$/);
    expect(plain(chanceSentence({ ...alignment, p: 1 / 360 }))).toMatch(
      /0\.28 % of the cases: chance rarely does that/,
    );
    expect(plain(chanceSentence({ ...alignment, outages: 0, p: 1 }))).toBe(
      'No outage began within 3 s after such a step.',
    );
  });

  it('says a margin, a shortage, and a shortage not seen to its end', () => {
    expect([1500, -200, null].map((ms) => plain(marginWords(ms)))).toEqual([
      '1.5 s to spare',
      '200 ms too short',
      'too short; by how much was not seen',
    ]);
  });

  it('rounds the worst stretch down: 99.996 % answered is not all', () => {
    const { claims, ...rest } = passResult();
    const result = { ...rest, claims: { ...claims, minAvailability: [{ windowMs: 1000, ratio: 0.99996 }] } };
    expect(worstStretches(result).map(plain)).toEqual(['99.996 % in the worst 1 s']);
  });
});

describe('where they are shown', () => {
  it('stands in report.md when something failed, and only then', () => {
    const said = renderMarkdown(failResult());
    expect(said).toContain('### Failures around the steps');
    expect(said).toMatch(/- (After|No request failed within 30 s after) the 2 attaches/);
    expect(said).toContain('not what caused it');
    expect(renderMarkdown(passResult())).not.toContain('around the steps');
  });

  it('gives the sleep of each target its own words on the console', () => {
    const { claims, ...rest } = failResult();
    const margins = [
      { target: 'a', marginMs: 2000 },
      { target: 'b\u001b[2J', marginMs: null },
    ];
    const said = renderConsole({ ...rest, claims: { ...claims, margins } }, { color: false, paths: {} });
    expect(plain(said)).toMatch(/sleep after detach: a 2 s to spare, b.* too short; by how much was not seen/);
    expect(said).not.toContain('\u001b');
    const one = renderConsole(
      { ...rest, claims: { ...claims, margins: margins.slice(0, 1) } },
      { color: false, paths: {} },
    );
    expect(one).not.toContain('sleep after detach:');
  });
});
