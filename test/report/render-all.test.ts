import { describe, expect, test } from 'vitest';
import { renderAll } from '../../src/report/render-all.js';
import { failResult, hostileResult } from './fixture-results.js';

const assets = { css: 'body{}', pageJs: '(()=>{})();', uplotJs: '', uplotCss: '' };
const png = { name: 'timeline.png', title: 't', png: Uint8Array.of(1, 2, 3) };
const withCharts = () => Promise.resolve({ charts: [png], reason: null });

describe('all reports', () => {
  test('are named as in the run directory, and no path leaves it', async () => {
    const { files, notes } = await renderAll(hostileResult(), assets, 'single', withCharts);
    expect(files.map((f) => f.path)).toEqual([
      'result.json',
      'report.html',
      'report.md',
      'junit.xml',
      'failures.ndjson',
      'charts/timeline.png',
    ]);
    expect(notes).toEqual([]);
    expect(files.every((f) => f.bytes.length > 0)).toBe(true);
  });

  test('in the split layout have style and script beside the page, and neither in it', async () => {
    const { files } = await renderAll(hostileResult(), { ...assets, uplotJs: 'let u;' }, 'split', withCharts);
    const named = Object.fromEntries(files.map((f) => [f.path, String(f.bytes)]));
    expect(named['report.css']).toBe('\nbody{}');
    expect(named['report.js']).toBe('let u;\n(()=>{})();');
    expect(named['report.html']).not.toMatch(/<style|body\{\}|let u;|sha256/);
    expect(named['report.html']).toContain('<script src="report.js"></script>');
  });

  test('are the same bytes every time', async () => {
    expect(await renderAll(failResult(), assets)).toEqual(await renderAll(failResult(), assets));
  });

  test('without pictures everything else is there, with a note why', async () => {
    const none = () => Promise.resolve({ charts: [], reason: 'no chart pictures: x' });
    const { files, notes } = await renderAll(failResult(), assets, 'single', none);
    expect(files.map((f) => f.path)).toEqual([
      'result.json',
      'report.html',
      'report.md',
      'junit.xml',
      'failures.ndjson',
    ]);
    expect(notes).toEqual(['no chart pictures: x']);
  });
});
