import { describe, expect, it } from 'vitest';
import { NOT_OF_HAPROXY } from '../../src/config/rules/lab.js';
import { NOT_OF_HAPROXY as REFUSED_BY_THE_LAB } from '../../src/lab/haproxy/refusals.js';
import { labSettings } from '../../src/lab/presets.js';
import { type Bad, itRefuses } from './bad.js';
import { load, refusal, variant } from './memory-io.js';

const lab = (knobs: string, preset = 'lab-fast') =>
  variant({ 5: `  kind: lab\n  preset: ${preset}\n  knobs: { ${knobs} }` });

const BAD: readonly Bad[] = [
  {
    what: 'a TCP listener on HAProxy',
    text: lab('dataPlane: haproxy, listener: tcp'),
    at: [7, 23],
    path: 'balancer.knobs.dataPlane',
    message: /http listeners only/,
    hint: /write own/,
  },
  {
    what: 'connections HAProxy does not open',
    text: lab('dataPlane: haproxy, preopen: 2'),
    at: [7, 41],
    path: 'balancer.knobs.preopen',
    message: /opens no connections in advance/,
    hint: /dataPlane: own/,
  },
  {
    what: 'a delay that a real HAProxy does not have',
    text: lab('kind: haproxy, deregisterPropagationMs: 500'),
    at: [7, 52],
    path: 'balancer.knobs.deregisterPropagationMs',
    message: /real HAProxy, which has no such knob/,
    hint: /remove it/,
  },
  {
    what: 'a queue HAProxy does not have, and a reset it does not send',
    text: lab('dataPlane: haproxy, surgeQueue: 5, rstAtDrainEnd: true'),
    at: [7, 44],
    path: 'balancer.knobs.surgeQueue',
    message: /no such bound/,
    hint: /remove it/,
    problems: 2,
  },
];

describe('bad labs', () => {
  itRefuses(BAD);

  it('the knobs a real HAProxy does not have are those the lab refuses', () => {
    expect(NOT_OF_HAPROXY).toEqual(REFUSED_BY_THE_LAB);
    for (const name of NOT_OF_HAPROXY)
      expect(() => labSettings('lab-fast', { kind: 'haproxy', [name]: true }), name).toThrow(
        `'${name}' cannot be set with 'kind' haproxy`,
      );
    expect(labSettings('aws-nlb', { kind: 'haproxy', graceMs: 10 }).knobs).toMatchObject({
      kind: 'haproxy',
      listener: 'http',
    });
  });

  const presets = ['lab-fast', 'aws-clb', 'aws-alb', 'aws-nlb'];
  const knobs = [
    {},
    { listener: 'http' },
    { listener: 'https' },
    { kind: 'network' },
    { kind: 'application' },
    { preopen: 0 },
    { preopen: 1 },
    { surgeQueue: 9 },
    { rstAtDrainEnd: false },
    { rstAtDrainEnd: true },
  ].map((more) => ({ dataPlane: 'haproxy', ...more }));
  it.each(presets)(
    'with %s the file is refused for what the lab would refuse on HAProxy, and for no more',
    (preset) => {
      for (const each of knobs) {
        const text = lab(JSON.stringify(each).slice(1, -1), preset);
        const said = refusalOfLab(preset, each).filter((sentence) => sentence.includes("'dataPlane' haproxy"));
        if (said.length === 0) expect(load(text).scenario.balancer.kind).toBe('lab');
        else expect(refusal(text).problems, text).toHaveLength(said.length);
      }
    },
  );
});

/** The lab's own words, a sentence each; none when it takes the knobs. */
function refusalOfLab(preset: string, knobs: Readonly<Record<string, unknown>>): string[] {
  try {
    labSettings(preset, knobs);
    return [];
  } catch (cause) {
    return cause instanceof Error ? cause.message.split('; ') : [String(cause)];
  }
}
