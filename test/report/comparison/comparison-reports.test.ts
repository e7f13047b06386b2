import { describe, expect, it } from 'vitest';
import { ledgerEntry, placeHistories } from '../../../src/compare/ledger.js';
import { sideBySide } from '../../../src/compare/side-by-side.js';
import { comparisonConsole } from '../../../src/report/comparison/console.js';
import { comparisonCsv } from '../../../src/report/comparison/csv.js';
import { historyText } from '../../../src/report/comparison/history-text.js';
import { comparisonHtml } from '../../../src/report/comparison/html.js';
import { comparisonJson } from '../../../src/report/comparison/json.js';
import { comparisonMarkdown } from '../../../src/report/comparison/markdown.js';
import { renderComparison } from '../../../src/report/comparison/render-comparison.js';
import { summaryOf } from '../../compare/runs.js';
import { HOSTILE, studyOf } from './fixture-study.js';

/** RFC 4180, good enough to read back what we write. */
function cells(line: string): string[] {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map((m) =>
    (m[1] ?? '').replace(/^"|"$/g, '').replaceAll('""', '"'),
  );
}

describe('reports of a comparison', () => {
  it('are the same bytes twice', async () => {
    const render = () => renderComparison(studyOf(), { css: '' }, () => Promise.resolve(new Uint8Array([1])));
    expect(await render()).toEqual(await render());
    expect((await render()).files.map((f) => f.path)).toEqual([
      'comparison.html',
      'comparison.md',
      'comparison.json',
      'comparison.csv',
      'charts/sweep.png',
    ]);
  });

  it('do without the picture where it cannot be made, and say so', async () => {
    const { files, notes } = await renderComparison(studyOf(), { css: '' }, () =>
      Promise.reject(new Error('no canvas')),
    );
    expect(files).toHaveLength(4);
    expect(notes).toEqual(['no chart picture: no canvas']);
  });

  it('json is the comparison', () => {
    expect(JSON.parse(comparisonJson(studyOf()))).toEqual(JSON.parse(JSON.stringify(studyOf())));
  });

  it('csv has one line per attempt, and no cell a spreadsheet would run', () => {
    const plain = comparisonCsv(studyOf()).trimEnd().split('\r\n');
    expect(plain).toHaveLength(5);
    expect(plain[0]?.split(',').slice(0, 5)).toEqual(['variant', 'repeat', 'attempt', 'counted', 'verdict']);
    expect(plain[2]?.startsWith('sleep 5 s,1,1,true,PASS')).toBe(true);
    for (const start of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '|cmd', '%0A']) {
      const text = comparisonCsv(sideBySide([summaryOf({ runId: start }), summaryOf()], []));
      expect(cells(text.split('\r\n')[1] ?? '')[0]).toMatch(/^'/);
    }
    const lines = comparisonCsv(studyOf(HOSTILE)).trimEnd().split('\r\n');
    expect(lines).toHaveLength(5);
    expect(lines.every((l) => cells(l).filter((c) => /^[=+@]/.test(c)).length === 0)).toBe(true);
  });

  it('html escapes everything, runs no script, and asks nobody for anything', () => {
    const page = comparisonHtml(studyOf(HOSTILE), { css: 'body{}' });
    expect(page).not.toMatch(/<script/i);
    expect(page).not.toContain('\u001b');
    expect(page).not.toContain('\u202e');
    expect(page).toMatch(
      /Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'sha256-[^']+'/,
    );
    expect(page).not.toMatch(/(?:src|href)="(?!#|data:)/);
    expect(page).not.toMatch(/\son\w+=/);
    expect(page).not.toMatch(/style="/);
  });

  it('html does not call a need that nobody saw 0 ms', () => {
    const [recommendation, ...rest] = studyOf().recommendations;
    const needs = (recommendation?.needs ?? []).map((n) => ({ ...n, censored: true }));
    const page = comparisonHtml(
      { ...studyOf(), recommendations: recommendation === undefined ? rest : [{ ...recommendation, needs }] },
      { css: '' },
    );
    expect(page).toContain('no need was seen to its end');
    expect(page).not.toContain('seen to its end was');
  });

  it('html puts the recommendation first and the page in the order of the design', () => {
    const page = comparisonHtml(studyOf(), { css: '' });
    const order = [
      'class="banner',
      'id="sweep"',
      'id="aligned"',
      'id="need"',
      'id="variants"',
      'id="scope"',
      'id="runs"',
    ];
    const places = order.map((o) => page.indexOf(o));
    expect(places.every((p) => p > 0)).toBe(true);
    expect([...places].sort((a, b) => a - b)).toEqual(places);
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });

  it('markdown is one table with escaped cells', () => {
    const text = comparisonMarkdown(studyOf(HOSTILE));
    const rows = text.split('\n').filter((l) => l.startsWith('| '));
    expect(rows).toHaveLength(4);
    const bars = (line: string) => line.replace(/\\\|/g, '').split('|').length;
    expect(new Set(rows.map(bars)).size).toBe(1);
    expect(text).not.toMatch(/(?<!\\)</);
    expect(comparisonMarkdown(studyOf())).toContain('Observed, not proven: 5 s');
  });

  it('the console shows no control character of anybody else', () => {
    const text = comparisonConsole(studyOf(HOSTILE), { color: false, page: HOSTILE });
    expect(text).not.toMatch(/[\u001b\u202e]/);
    expect(comparisonConsole(studyOf(), { color: true, page: 'p' })).toContain('\u001b[33m');
  });

  it('side by side marks a regression in words', () => {
    const both = sideBySide([summaryOf(), summaryOf({ runId: 'new', verdict: 'FAIL', failed: 9 })], []);
    expect(comparisonHtml(both, { css: '' })).toContain('▼ worse');
    expect(comparisonMarkdown(both)).toContain('▼ worse');
    expect(comparisonConsole(both, { color: false, page: 'p' })).toContain('worse  new: failed requests 0 → 9');
  });
});

describe('historyText', () => {
  it('has one block per environment and balancer and escapes names', () => {
    const entries = [
      ledgerEntry(summaryOf(), false),
      ledgerEntry(
        summaryOf({ runId: 'b', place: { environment: HOSTILE, balancerKind: 'elb-classic', balancerName: 'web' } }),
        false,
      ),
    ];
    const text = historyText(placeHistories(entries, 0.05));
    expect(text).toContain('lab, says nothing of a real balancer');
    expect(text).not.toMatch(/[\u001b\u202e]/);
    expect(text.split('\n\n')).toHaveLength(2);
    expect(text).toContain('0 of 1 deploy had downtime → at most 95 % of such deploys (95 %)');
    expect(historyText([])).toBe('the history is empty\n');
  });
});
