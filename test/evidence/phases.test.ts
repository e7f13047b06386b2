import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { phaseChains, phasesOf, type TargetLife } from '../../src/evidence/phases.js';

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
function later(life: TargetLife, target: string, byMs: number): TargetLife {
  const move = (at: number | null) => (at === null ? null : at + byMs);
  return {
    target,
    detachRequestedAt: life.detachRequestedAt + byMs,
    detachRespondedAt: life.detachRespondedAt + byMs,
    deployStartedAt: move(life.deployStartedAt),
    appDownAt: move(life.appDownAt),
    appUpAt: move(life.appUpAt),
    attachRequestedAt: move(life.attachRequestedAt),
    attachRespondedAt: move(life.attachRespondedAt),
  };
}
const words = (lives: readonly TargetLife[], to = 9000) =>
  phasesOf(lives, { from: 1000, to }, 0).map((p) => `${p.id} ${p.from}-${p.to}`);

describe('phasesOf', () => {
  it('cuts a run at every mark of its targets’ lives', () => {
    expect(words([later(LIFE, 's2', 3000), LIFE], 7500)).toEqual([
      'baseline 0-1000',
      's1:detach 1000-1100',
      's1:drain 1100-2000',
      's1:stopping 2000-2100',
      's1:down 2100-2500',
      's1:ready 2500-3000',
      's1:attach 3000-3100',
      's1:settle 3100-4000',
      's2:detach 4000-4100',
      's2:drain 4100-5000',
      's2:stopping 5000-5100',
      's2:down 5100-5500',
      's2:ready 5500-6000',
      's2:attach 6000-6100',
      's2:settle 6100-7500',
    ]);
  });

  it('calls it deploy where the application’s own life is not known', () => {
    expect(words([{ ...LIFE, appDownAt: null, appUpAt: null }])).toContain('s1:deploy 2000-3000');
  });

  it('lets the last phase of a life that was broken off last to the end', () => {
    const cut = { ...LIFE, appUpAt: null, attachRequestedAt: null, attachRespondedAt: null };
    expect(words([cut]).slice(-2)).toEqual(['s1:stopping 2000-2100', 's1:down 2100-9000']);
    expect(words([{ ...cut, deployStartedAt: null, appDownAt: null }]).slice(-1)).toEqual(['s1:drain 1100-9000']);
  });

  it('has only a baseline without a deploy', () => {
    expect(words([])).toEqual(['baseline 0-9000']);
  });

  it('trusts the balancer’s calls over what was seen of the application', () => {
    expect(words([{ ...LIFE, appUpAt: 3050 }])).toEqual(words([{ ...LIFE, appUpAt: 3000 }]));
    expect(words([{ ...LIFE, appDownAt: 1500 }])).toContain('s1:down 2000-2500');
  });

  it('gives the moment to the phase begun last where targets are out together', () => {
    const tiles = words([LIFE, later(LIFE, 's2', 500)]);
    expect(tiles).toContain('s1:drain 1100-1500');
    expect(tiles).toContain('s2:detach 1500-1600');
    expect(tiles).toContain('s1:stopping 2000-2100');
    const own = phaseChains([LIFE, later(LIFE, 's2', 500)], 9000)[0]!;
    expect(own.map((p) => p.from)).toEqual([1000, 1100, 2000, 2100, 2500, 3000, 3100]);
  });

  it('tells the lives of one target apart', () => {
    expect(words([LIFE, later(LIFE, 's1', 4000)])).toEqual(
      expect.arrayContaining(['s1:settle 3100-5000', 's1:detach#2 5000-5100', 's1:settle#2 7100-9000']),
    );
  });

  it('tiles the run, whatever the lives look like', () => {
    const at = fc.integer({ min: -100, max: 1200 });
    const maybe = fc.option(at, { nil: null });
    const life = fc
      .record({
        target: fc.constantFrom('s1', 's2', 's3'),
        detachRequestedAt: at,
        detachRespondedAt: at,
        deployStartedAt: maybe,
        appDownAt: maybe,
        appUpAt: maybe,
        attachRequestedAt: maybe,
        attachRespondedAt: maybe,
      })
      .map((l): TargetLife => l);
    fc.assert(
      fc.property(fc.array(life, { maxLength: 5 }), (lives) => {
        const tiles = phasesOf(lives, { from: 0, to: 1000 }, 0);
        expect(tiles[0]?.from).toBe(0);
        expect(tiles.at(-1)?.to).toBe(1000);
        for (const [i, tile] of tiles.entries()) {
          expect(tile.to).toBeGreaterThan(tile.from);
          if (i > 0) expect(tile.from).toBe(tiles[i - 1]!.to);
        }
      }),
    );
  });
});
