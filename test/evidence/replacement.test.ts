import { describe, expect, it } from 'vitest';
import type { SampleClass } from '../../src/domain/outage.js';
import type { TargetLife } from '../../src/evidence/phases.js';
import { type ReplacementOptions, replacements } from '../../src/evidence/replacement.js';
import { unseenNodes } from '../../src/evidence/replacement-nodes.js';
import { expectMatch, vectorCases } from '../vectors/vectors.js';
import { classColumns, type SampleRow, sampleTable } from './sample-rows.js';

interface EndToEnd {
  name: string;
  deltaMs: number;
  run: {
    N: number;
    warmEnd: number;
    samples: [number, number | null, number | null, SampleClass, string | null, string | null, string][];
    events: {
      inst: string;
      detachReq: number;
      detachRes: number;
      deployStart: number;
      appDown: number;
      appUp: number;
      attachReq: number;
      attachRes: number;
    }[];
    oldVer: string;
    newVer: string;
  };
  expect: { window: [number, number]; lags: Record<string, unknown>[]; drainInFlight: number[] };
}

describe('replacements: the lags of the endToEnd vectors', () => {
  for (const { name, deltaMs, run, expect: expected } of vectorCases<EndToEnd>('endToEnd')) {
    it(name, () => {
      const table = sampleTable(
        run.samples.map(([, sentAt, endedAt, , target, version]) => ({
          ...(sentAt === null ? {} : { sentAt }),
          ...(endedAt === null ? {} : { endedAt }),
          target,
          version,
        })),
      );
      const lives = run.events.map((e) => ({
        target: e.inst,
        detachRequestedAt: e.detachReq,
        detachRespondedAt: e.detachRes,
        deployStartedAt: e.deployStart,
        appDownAt: e.appDown,
        appUpAt: e.appUp,
        attachRequestedAt: e.attachReq,
        attachRespondedAt: e.attachRes,
      }));
      const [from, to] = expected.window;
      const rows = replacements(
        table,
        classColumns(run.samples.map((s) => s[3])),
        lives,
        { from, to },
        {
          targets: lives.map(({ target }) => ({ id: target, instance: `i-${target}` })),
          version: run.newVer,
          previousVersion: run.oldVer,
          warmEnd: run.warmEnd,
          deltaMs,
        },
      );
      const lags = rows.map((r) => ({
        inst: r.target,
        detach: {
          lagLo: r.detachLagLoMs,
          lagHi: r.detachLagHiMs,
          drainNeed: r.drainNeedMs,
          drainNeedHi: r.drainNeedHiMs,
          silentSends: r.silentSends,
          proven: r.silentSends >= 5,
        },
        attach: { lagLo: r.attachLagLoMs, lagHi: r.attachLagHiMs },
        back: r.servedNew,
        stale: r.staleResponses,
        replaced: r.replaced,
        margin: r.marginMs,
        needCensored: r.needHiMs === null,
        needLo: r.needLoMs,
        needHi: r.needHiMs,
      }));
      expectMatch(lags, expected.lags);
      expectMatch(
        rows.map((r) => r.inFlightAtDetach),
        expected.drainInFlight,
      );
    });
  }
});

/** One target of two goes out and comes back; `edit` changes the story. */
const TARGETS = [
  { id: 's1', instance: 'i-1' },
  { id: 's2', instance: 'i-2' },
];
const OPTIONS: ReplacementOptions = {
  targets: TARGETS,
  version: 'v2',
  previousVersion: 'v1',
  warmEnd: 0,
  deltaMs: 50,
};
const LIFE: TargetLife = {
  target: 's1',
  detachRequestedAt: 1000,
  detachRespondedAt: 1100,
  deployStartedAt: 2000,
  appDownAt: 2100,
  appUpAt: 2500,
  attachRequestedAt: 3000,
  attachRespondedAt: 3100,
};
type Row = SampleRow & { readonly sentAt: number; readonly endedAt: number; readonly cls?: SampleClass };
/** A request every 20 ms, s1 answering every second one while it is in rotation (until 1200, again from 3200). */
function story(edit: (row: Row) => Row = (row) => row): Row[] {
  return Array.from({ length: 250 }, (_, i) => {
    const sentAt = i * 20;
    const isIn = sentAt < 1200 || sentAt >= 3200;
    const target = isIn && i % 2 === 0 ? 's1' : 's2';
    const isNew = target === 's1' && sentAt >= 3000;
    return edit({
      sentAt,
      endedAt: sentAt + 10,
      target,
      version: isNew ? 'v2' : 'v1',
      bootId: target === 's1' ? (isNew ? 'boot-b' : 'boot-a') : 'boot-s2',
      remoteIp: '10.0.0.1',
    });
  });
}
function judge(rows: readonly Row[], lives: readonly TargetLife[] = [LIFE], options = OPTIONS) {
  const classes = classColumns(rows.map((r) => r.cls ?? 'ok'));
  return replacements(sampleTable(rows), classes, lives, { from: 1000, to: 5000 }, options);
}

describe('replacements', () => {
  it('proves a target that left, was replaced and came back, and nothing of one that was never touched', () => {
    const [s1, s2] = judge(story());
    expect(s1).toMatchObject({ target: 's1', left: true, returned: true, replaced: true, staleResponses: 0 });
    expect(s1).toMatchObject({
      lastRoutedAt: 1160,
      drainEndAt: 1170,
      marginMs: 930,
      oldBootId: 'boot-a',
      newBootId: 'boot-b',
    });
    expect(s1).toMatchObject({
      detachLagLoMs: 60,
      drainNeedMs: 70,
      needLoMs: 70,
      firstServedAt: 3210,
      attachLagHiMs: 110,
    });
    expect(s2).toMatchObject({ target: 's2', left: false, returned: false, replaced: false, pStillIn: null });
  });

  it('needs exactly so many silent sends: ten of two targets show that one of them had left', () => {
    const named = (until: number) =>
      story((row) => (row.sentAt > until && row.sentAt < 3000 ? { ...row, target: null } : row));
    expect(judge(named(1360))[0]).toMatchObject({ silentSends: 10, left: true, replaced: true });
    expect(judge(named(1340))[0]).toMatchObject({ silentSends: 9, left: false, replaced: false });
  });

  it('is back with a single answer of the new version, and not without any', () => {
    const served = (last: number) =>
      story((row) => (row.target === 's1' && row.sentAt > last ? { ...row, target: null } : row));
    expect(judge(served(3200))[0]).toMatchObject({ servedNew: 1, returned: true, replaced: true });
    expect(judge(served(3199))[0]).toMatchObject({ servedNew: 0, returned: false, replaced: false });
  });

  it('judges a life without any deploy, and knows no margin to a stop that never was', () => {
    const [s1] = judge(story(), [{ ...LIFE, deployStartedAt: null, appDownAt: null, appUpAt: null }]);
    expect(s1).toMatchObject({ target: 's1', left: true, drainEndAt: 1170, marginMs: null });
  });

  it('takes the identity header for the balancer’s name of a target too', () => {
    const renamed = story((row) => ({ ...row, target: row.target === 's1' ? 'i-1' : 'i-2' }));
    expect(judge(renamed)).toEqual(judge(story()));
  });

  it('does not take the old process with a new label for a replacement', () => {
    const [s1] = judge(story((row) => ({ ...row, bootId: row.target === 's1' ? 'boot-a' : null })));
    expect(s1).toMatchObject({ left: true, servedNew: 0, returned: false, replaced: false });
  });

  it('counts the old version after the attach as stale, even in failed responses', () => {
    const [s1] = judge(
      story((row) =>
        row.target === 's1' && row.sentAt >= 4000 ? { ...row, version: 'v1', cls: 'http_5xx_app' } : row,
      ),
    );
    expect(s1?.staleResponses).toBe(25);
    expect(s1?.servedNew).toBe(20);
  });

  it('finds the old version without being told, from what the target said before', () => {
    const rows = story((row) => (row.target === 's1' ? { ...row, version: 'v1' } : row));
    const [s1] = judge(rows, [LIFE], { ...OPTIONS, previousVersion: null });
    expect(s1).toMatchObject({ staleResponses: 45, returned: false });
  });

  it('calls nothing stale when old and new version are the same, but wants a new process', () => {
    const rows = story((row) => ({ ...row, version: 'v2' }));
    const same = { ...OPTIONS, previousVersion: 'v2' };
    expect(judge(rows, [LIFE], same)[0]).toMatchObject({ staleResponses: 0, replaced: true });
    const restartless = rows.map((row) => ({ ...row, bootId: 'boot-a' }));
    expect(judge(restartless, [LIFE], same)[0]).toMatchObject({ staleResponses: 0, replaced: false });
  });

  it('knows nothing of the rotation from unstamped successes', () => {
    const [s1] = judge(story((row) => ({ ...row, target: null })));
    expect(s1).toMatchObject({ left: false, silentSends: 0, lastRoutedAt: null, replaced: false });
  });

  it('takes a failure that names nobody for one that may have been routed to it', () => {
    const [s1] = judge(story((row) => (row.sentAt === 2920 ? { ...row, target: null, cls: 'reset' } : row)));
    expect(s1).toMatchObject({ silentSends: 3, left: false });
  });

  it('censors the need when a request failed while the application was down', () => {
    const [s1] = judge(story((row) => (row.sentAt === 2300 ? { ...row, target: null, cls: 'http_5xx_lb' } : row)));
    expect(s1).toMatchObject({ needLoMs: 1200, needHiMs: null });
    const [by2] = judge(story((row) => (row.sentAt === 2300 ? { ...row, cls: 'http_5xx_app' } : row)));
    expect(by2?.needHiMs).toBe(by2?.drainNeedHiMs);
  });

  it('leaves a failure to the neighbour in whose time most of it lies, but not to one that is out at the same time', () => {
    const hung = (sentAt: number, endedAt: number, s2: Partial<TargetLife>) => {
      const rows = story((row) => (row.sentAt === sentAt ? { ...row, endedAt, target: null, cls: 'timeout' } : row));
      const life = { ...LIFE, target: 's2', ...s2 };
      return judge(rows, [LIFE, life]).find((r) => r.target === 's2')?.needHiMs;
    };
    // 600 ms of it in the settling of s1, which ends the instant s2 is detached, 200 ms in the down time of s2.
    const after = { detachRequestedAt: 3800, detachRespondedAt: 3810, deployStartedAt: 3820, appDownAt: 3900 };
    const back = { appUpAt: 4400, attachRequestedAt: 4500, attachRespondedAt: 4510 };
    expect(hung(3200, 4100, { ...after, ...back })).not.toBeNull();
    // All of it in the draining of s1, most of it in the down time of s2: both are out, so s2 is not excused.
    const meanwhile = { detachRequestedAt: 1200, detachRespondedAt: 1210, deployStartedAt: 1220, appDownAt: 1300 };
    const soon = { appUpAt: 1400, attachRequestedAt: 1500, attachRespondedAt: 1510 };
    expect(hung(1320, 1450, { ...meanwhile, ...soon })).toBeNull();
  });

  it('leaves a failure to the neighbour that comes after, from the very instant it begins', () => {
    const quick = { appDownAt: 2100, appUpAt: 2900, attachRequestedAt: 2950, attachRespondedAt: 2960 };
    const next = { detachRequestedAt: 3000, detachRespondedAt: 3010, deployStartedAt: 3020, appDownAt: 3100 };
    const late = { appUpAt: 4500, attachRequestedAt: 4600, attachRespondedAt: 4610 };
    // 700 ms of it in the down time of s1, 1.2 s in that of s2.
    const rows = story((row) => (row.sentAt === 2200 ? { ...row, endedAt: 4300, target: null, cls: 'timeout' } : row));
    const judged = judge(rows, [
      { ...LIFE, ...quick },
      { ...LIFE, target: 's2', ...next, ...late },
    ]);
    expect(judged.find((r) => r.target === 's1')?.needHiMs).not.toBeNull();
  });

  it('judges a life without a deploy although another target was deployed', () => {
    const second: TargetLife = { ...LIFE, target: 's2', detachRequestedAt: 4000, detachRespondedAt: 4010 };
    const lives = [LIFE, { ...second, deployStartedAt: null, appDownAt: null, appUpAt: null }];
    expect(judge(story(), lives).find((r) => r.target === 's2')?.lastRoutedAt).not.toBeNull();
  });

  it('knows the old process by the request sent last that names one, in whatever order answers came', () => {
    const rows = story((row) => {
      if (row.sentAt === 880) return { ...row, endedAt: 995, bootId: 'boot-before' };
      return row.sentAt === 960 ? { ...row, bootId: null } : row;
    });
    const byEnd = [...rows].sort((a, b) => a.endedAt - b.endedAt);
    expect(judge(byEnd)[0]?.oldBootId).toBe('boot-a');
  });

  it('proves no replacement by the same version from processes that have no name', () => {
    const rows = story((row) => ({ ...row, version: 'v2', bootId: null }));
    expect(judge(rows, [LIFE], { ...OPTIONS, previousVersion: 'v2' })[0]).toMatchObject({
      servedNew: 0,
      returned: false,
      replaced: false,
    });
  });

  it('says nothing it cannot know of a target that was never attached again', () => {
    const [s1] = judge(
      story((row) => ({ ...row, target: row.sentAt >= 1200 ? 's2' : (row.target ?? null) })),
      [{ ...LIFE, appDownAt: null, appUpAt: null, attachRequestedAt: null, attachRespondedAt: null }],
    );
    expect(s1).toMatchObject({
      left: true,
      returned: false,
      replaced: false,
      attachLagHiMs: null,
      firstServedAt: null,
    });
    // The deploy's start stands in for the application's own end.
    expect(s1?.marginMs).toBe(2000 - 1170);
    expect(JSON.stringify(s1)).not.toMatch(/NaN|Infinity/);
  });

  it('counts what a target had in flight when its detach was acknowledged', () => {
    const [s1] = judge(story((row) => (row.target === 's1' && row.sentAt < 1100 ? { ...row, endedAt: 1100 } : row)));
    expect(s1?.inFlightAtDetach).toBe(28);
  });

  it('judges the life with the deploy when a target is taken out twice', () => {
    const second: TargetLife = { ...LIFE, detachRequestedAt: 4000, detachRespondedAt: 4010, deployStartedAt: null };
    const rows = judge(story(), [second, LIFE]);
    expect(rows.map((r) => [r.target, r.replaced])).toEqual([
      ['s1', true],
      ['s2', false],
    ]);
  });
});

describe('unseenNodes', () => {
  const classes = classColumns(story().map(() => 'ok'));
  it('has nothing to say with one node', () => {
    expect(unseenNodes(sampleTable(story()), classes, [LIFE], OPTIONS)).toEqual([]);
  });
  it('names the node that was not asked often enough while the target was out', () => {
    const rows = story((row) => ({
      ...row,
      remoteIp: row.sentAt < 1000 && row.sentAt % 100 === 0 ? '10.0.0.2' : '10.0.0.1',
    }));
    const nodes = unseenNodes(sampleTable(rows), classes, [LIFE], OPTIONS);
    expect(nodes).toEqual([{ target: 's1', remoteIp: '10.0.0.2', silentSends: 1, needed: 10 }]);
  });
  it('knows no node by requests that measured nothing', () => {
    const isAside = (row: { readonly sentAt: number }) => row.sentAt < 1000 && row.sentAt % 100 === 0;
    const rows = story((row) => ({ ...row, remoteIp: isAside(row) ? '10.0.0.2' : '10.0.0.1' }));
    const measured = { ...classes, admissible: Uint8Array.from(rows, (row) => (isAside(row) ? 0 : 1)) };
    expect(unseenNodes(sampleTable(rows), measured, [LIFE], OPTIONS)).toEqual([]);
  });
});
