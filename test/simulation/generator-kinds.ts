import { always, type Kind, kindOf, never } from './kind.js';
import { logWithin, oneOf, type Random, within } from './random.js';
import { healthyWorld, type PauseFault, type World } from './world.js';

function paused(random: Random, how: PauseFault['how'], fromMs: number, toMs: number, hidesOutage = false): World {
  return healthyWorld(random, { pause: { ms: within(random, fromMs, toMs), how, hidesOutage } });
}

function unmeasured(random: Random, how: 'dropped' | 'lost' | 'client' | 'dns', from: number, to: number): World {
  return healthyWorld(random, { unmeasured: { how, share: logWithin(random, from, to) } });
}

/** The generator measures badly, and the verdict has to notice. */
export const GENERATOR_KINDS: readonly Kind[] = [
  kindOf({
    name: 'stall',
    what: 'generator stalls 260–1500 ms, recorded; 30 % of what is in flight times out falsely',
    draw: (random) => paused(random, 'stall', 260, 1500),
    ...always('INCONCLUSIVE'),
  }),
  kindOf({
    name: 'stall-short',
    what: 'the same, 20–240 ms: below the gate',
    draw: (random) => paused(random, 'stall', 20, 240),
    ...never('FAIL'),
  }),
  kindOf({
    name: 'pause',
    what: 'generator pauses 300–1500 ms, unrecorded, late or skipped sends; half hide a total outage',
    draw: (random) => paused(random, oneOf(random, ['late', 'skipped']), 300, 1500, random() < 0.5),
    // A request that met the hidden outage before the pause is a witness, whatever was missed beside it.
    demand: 'always INCONCLUSIVE, or FAIL once a request failed',
    isWrong: (verdict, truth) => verdict !== 'INCONCLUSIVE' && !(verdict === 'FAIL' && truth.failed > 0),
  }),
  kindOf({
    name: 'drops',
    what: '0.11–5 % of the arrivals are dropped: above the gate',
    draw: (random) => unmeasured(random, 'dropped', 0.0011, 0.05),
    ...always('INCONCLUSIVE'),
  }),
  kindOf({
    name: 'drops-few',
    what: '1–3 arrivals are dropped: below the gate',
    draw: (random) => unmeasured(random, 'dropped', 0.00001, 0.0003),
    ...never('FAIL'),
  }),
  ...(['lost', 'client', 'dns'] as const).map((how) =>
    kindOf({
      name: how === 'lost' ? 'records-lost' : `${how}-errors`,
      what: `0.11–5 % of the arrivals ${how === 'lost' ? 'have no record' : how === 'client' ? 'find no file descriptor' : 'find no name'}`,
      draw: (random) => unmeasured(random, how, 0.0011, 0.05),
      ...always('INCONCLUSIVE'),
    }),
  ),
];
