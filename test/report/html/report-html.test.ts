import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../../src/domain/result.js';
import { renderHtml } from '../../../src/report/html/report-html.js';
import { timeScale } from '../../../src/report/html/svg/frame.js';
import { failureInstants, tickPath } from '../../../src/report/html/svg/lanes.js';
import {
  failResult,
  HOSTILE_TEXT,
  hostileResult,
  inconclusiveResult,
  passResult,
  poisoned,
} from '../fixture-results.js';
import { sourceAssets } from './page-assets.js';
import { blocksOf, skeletonOf, tagsOf } from './skeleton.js';

const assets = sourceAssets();
const pages: Readonly<Record<string, RunResult>> = {
  pass: passResult(),
  fail: failResult(),
  inconclusive: inconclusiveResult(),
  hostile: hostileResult(),
};
const each = Object.entries(pages);
const words = (page: string): string =>
  page
    .replace(/<(script|style)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

/** A run that ended before anything happened: every list empty, every figure absent. */
function emptyResult(): RunResult {
  const r = passResult();
  const none = { ...r.counts, judged: 0, failed: 0, baseline: 0, total: 0, sent: 0 };
  return {
    ...r,
    verdict: {
      ...r.verdict,
      kind: 'INCONCLUSIVE',
      exitCode: 2,
      codes: ['NO_EVIDENCE'],
      sentence: 'Nothing was judged.',
      nextAction: null,
    },
    claims: { ...r.claims, totalOutageMs: null, failureProbabilityUpper: null, marginMs: null, sentences: [] },
    counts: none,
    window: null,
    baseline: null,
    phases: [],
    lanes: [],
    replacements: [],
    checks: [],
    timeline: { stages: [], steps: [], targets: [], calls: [], deploys: [], notes: [] },
    series: {
      from: 0,
      bucketMs: 100,
      offered: [],
      ok: [],
      failed: [],
      unknown: [],
      p50: [],
      p95: [],
      p99: [],
      max: [],
      answeredBy: [],
      heatmap: { rowUpperMs: [], columnMs: 0, counts: [] },
    },
    latency: { baseline: null, deploy: null },
    run: { ...r.run, balancer: null, deployMs: null, asleepMs: 0, durationMs: 0, startedAtWall: 'broken' },
  };
}

describe('renderHtml', () => {
  it.each(each)('gives the same bytes for the same %s result', (_, result) => {
    expect(renderHtml(structuredClone(result), assets)).toBe(renderHtml(result, assets));
  });

  it.each(each)('hashes exactly the blocks it inlines (%s)', (_, result) => {
    const page = renderHtml(result, assets);
    const policy = tagsOf(page).find((t) => t.attributes.get('http-equiv') === 'Content-Security-Policy');
    const content = policy?.attributes.get('content') ?? '';
    const hash = (block: string): string => `'sha256-${createHash('sha256').update(block).digest('base64')}'`;
    const styles = blocksOf(page, 'style');
    const scripts = blocksOf(page, 'script');
    expect(styles).toHaveLength(1);
    expect(scripts).toHaveLength(2);
    expect(content).toContain(`style-src ${styles.map(hash).join(' ')};`);
    expect(content).toContain(`script-src ${scripts.map(hash).join(' ')};`);
    expect(content).toMatch(/^default-src 'none'; img-src data:; /);
    expect(content).not.toContain('unsafe');
  });

  it.each(each)('asks nobody for anything and keeps styles and handlers out of attributes (%s)', (name, result) => {
    const page = renderHtml(result, assets);
    for (const tag of tagsOf(page)) {
      for (const [key, value] of tag.attributes) {
        expect(key).not.toMatch(/^on|^style$|^srcset$|^action$|^ping$|^poster$/);
        if (key === 'href' || key === 'src')
          expect(value).toMatch(
            /^(#[\w=.-]*|data:image\/[\w+]+;base64,[\w+/=]*|[\w.]+\.(json|md|xml|ndjson)|charts\/[\w.]+\.png)$/,
          );
      }
    }
    const code = [...blocksOf(page, 'script'), ...blocksOf(page, 'style')].join('\n');
    expect(code).not.toMatch(/@import|url\(|\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon|importScripts|EventSource/);
    if (name !== 'hostile') expect(page.replaceAll('http://www.w3.org/', '')).not.toMatch(/(src|href)="https?:/);
  });

  it.each(each)('has every section, one h1, unique ids and no dangling link (%s)', (_, result) => {
    const tags = tagsOf(renderHtml(result, assets));
    const ids = tags.flatMap((t) => t.attributes.get('id') ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const sections = tags.filter((t) => t.name === 'section').map((t) => t.attributes.get('id'));
    expect(sections).toEqual([
      'verdict',
      'timeline',
      'phases',
      'outages',
      ...(result.alignment.length > 0 ? ['around'] : []),
      'latency',
      'answered',
      'balancer',
      'proof',
      'errors',
      'deploys',
      'reproduce',
      'guide',
    ]);
    expect(tags.filter((t) => t.name === 'h1')).toHaveLength(1);
    for (const landmark of ['header', 'nav', 'main', 'footer'])
      expect(tags.filter((t) => t.name === landmark)).toHaveLength(1);
    for (const t of tags) {
      for (const id of (t.attributes.get('aria-labelledby') ?? '').split(' ')) if (id !== '') expect(ids).toContain(id);
      const href = t.attributes.get('href') ?? '';
      if (href.startsWith('#') && !href.startsWith('#t=')) expect(ids).toContain(href.slice(1));
    }
  });

  it('keeps the structure of the page whatever the texts say', () => {
    const harmless = 'x'.repeat(HOSTILE_TEXT.length);
    const hostile = renderHtml(hostileResult(), assets);
    expect(skeletonOf(hostile)).toBe(skeletonOf(renderHtml(poisoned(failResult(), harmless), assets)));
    expect(hostile).not.toMatch(/[\u0000\u0007\u001b\u202e\u2028\u2029\uffff]|\p{Surrogate}/u);
    expect(hostile).toContain('&lt;img src=x onerror=pwned()&gt;');
  });

  it('says the verdict, its figures and its reason in the tab and at the top', () => {
    const fail = renderHtml(pages.fail!, assets);
    expect(fail).toContain('<title>FAIL · 189/5,927 · checkout</title>');
    expect(words(fail)).toMatch(/FAIL 189 of 5,927 requests failed .* Next: Set rollout\.sleep\.afterDetach/);
    const pass = renderHtml(pages.pass!, assets);
    for (const sentence of passResult().claims.sentences) expect(words(pass)).toContain(sentence);
    const open = words(renderHtml(pages.inconclusive!, assets));
    expect(open).toContain('Enough requests for the objective:');
    expect(open).toContain('Next: Raise traffic.rate');
    expect(fail.match(/rel="icon" href="([^"]*)"/)?.[1]).not.toBe(pass.match(/rel="icon" href="([^"]*)"/)?.[1]);
  });

  it('warns first of all of a target left detached', () => {
    const r = failResult();
    const page = words(renderHtml({ ...r, run: { ...r.run, stillDetached: ['staging-2'] } }, assets));
    expect(page).toContain('Still detached from the load balancer: staging-2');
    expect(words(renderHtml(r, assets))).not.toContain('Still detached');
  });

  it('survives a run with nothing in it', () => {
    const page = renderHtml(emptyResult(), assets);
    expect(tagsOf(page).filter((t) => t.name === 'section')).toHaveLength(12);
    expect(words(page)).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('shows no more failures than it says, and says how many more there are', () => {
    const r = failResult();
    const many = Array.from({ length: 1500 }, (_, i) => ({ ...r.failures[0]!, seq: i }));
    const page = renderHtml({ ...r, failures: many, failuresOmitted: 500 }, assets);
    expect(page.match(/<td>#\d+<\/td>/g)).toHaveLength(1000);
    expect(words(page).replaceAll('\u00a0', ' ')).toContain(
      'The first 1,000 of 2,000 failures; failures.ndjson keeps the first 1,500.',
    );
  });

  it('links the chart pictures beside it and keeps their bytes out', () => {
    const png = new Uint8Array([137, 80, 78, 71]);
    const page = renderHtml(pages.pass!, { ...assets, charts: [{ name: 'timeline.png', title: 'Timeline "1"', png }] });
    expect(page).toContain('<a href="charts/timeline.png">Timeline &quot;1&quot;</a>');
    expect(tagsOf(page).filter((t) => t.name === 'img')).toEqual([]);
  });

  it('lets every table with a time show it as time of day', () => {
    const page = renderHtml(pages.fail!, assets);
    for (const id of ['phases', 'outages', 'balancer', 'errors']) {
      const part = page.slice(page.indexOf(`<section id="${id}"`)).split('</section>')[0] ?? '';
      // Whatever reads like m:ss.d stands in an element that carries its instant.
      const loose = part.replace(/<(time|td) data-at="[^>]*>[^<]*</g, '<').match(/\b\d+:\d\d\.\d/g) ?? [];
      expect(loose, id).toEqual([]);
      expect(part, id).toContain('data-at=');
    }
  });

  it('stays small', () => {
    expect(Buffer.byteLength(renderHtml(pages.pass!, assets))).toBeLessThan(215_000);
    expect(Buffer.byteLength(renderHtml(pages.fail!, assets))).toBeLessThan(250_000);
  });
});

describe('failure ticks', () => {
  it('cover the pixel column of every failure and nothing else', () => {
    const result = failResult();
    const scale = timeScale(result.run.durationMs);
    const path = tickPath(failureInstants(result), scale, 0, 10);
    const spans = [...path.matchAll(/M(\d+) 0h([\d.]+)v10H\1z/g)].map(
      (m) => [Number(m[1]), Number(m[1]) + Number(m[2])] as const,
    );
    const covers = (x: number): boolean => spans.some(([from, to]) => x >= from && x <= to);
    for (const f of result.failures) expect(covers(scale.x(f.scheduledAt))).toBe(true);
    for (const ms of [1000, 8000, 12_000, 20_000]) expect(covers(scale.x(ms))).toBe(false);
  });
  it('include failures beyond those kept', () => {
    const r = failResult();
    const kept = { ...r, failures: r.failures.slice(0, 10), failuresOmitted: r.failures.length - 10 };
    const last = r.failures.at(-1)!.scheduledAt;
    expect(Math.max(...failureInstants(kept))).toBeGreaterThan(last - r.series.bucketMs);
  });
});

describe('page.css', () => {
  const css = readFileSync(new URL('../../../src/report/html/page.css', import.meta.url), 'utf8');
  const theme = (start: number): Map<string, string> => {
    const block = css.slice(css.indexOf(':root', start), css.indexOf('}', css.indexOf(':root', start)));
    return new Map([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map((m) => [m[1] ?? '', m[2] ?? '']));
  };
  const light = theme(0);
  const dark = theme(css.indexOf('prefers-color-scheme: dark'));
  const luminance = (hex: string): number => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5]
      .map((i) => Number.parseInt(hex.slice(i, i + 2), 16) / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: string, b: string): number => {
    const [hi, lo] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
    return (hi + 0.05) / (lo + 0.05);
  };
  const pairs = [
    ['text', 'bg'],
    ['text', 'panel'],
    ['muted', 'bg'],
    ['muted', 'panel'],
    ['muted', 'row'],
    ['muted', 'lane'],
    ['link', 'bg'],
    ['link', 'row'],
    ['link', 'fail-bg'],
    ['bad', 'panel'],
    ['bad', 'fail-bg'],
    ['good', 'panel'],
    ['good', 'inconclusive-bg'],
    ['inconclusive', 'panel'],
    ['pass', 'pass-bg'],
    ['fail', 'fail-bg'],
    ['inconclusive', 'inconclusive-bg'],
    ['error', 'error-bg'],
    ['text', 'pass-bg'],
    ['text', 'fail-bg'],
  ] as const;
  it.each([
    ['light', light],
    ['dark', dark],
  ] as const)('keeps 4.5:1 between words and ground (%s)', (_, colours) => {
    for (const [ink, ground] of pairs) {
      const ratio = contrast(colours.get(ink) ?? '', colours.get(ground) ?? '');
      expect(ratio, `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  });
  it('puts both themes on every word of the charts', () => {
    expect(light.size).toBe(dark.size);
  });
});
