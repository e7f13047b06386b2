// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are the scenario's own.
import { describe } from 'vitest';
import { type Bad, itRefuses } from './bad.js';
import { variant } from './memory-io.js';

const BAD: readonly Bad[] = [
  {
    what: 'unknown key',
    text: variant({ 13: '  rate: 200/s\n  timout: 5s' }),
    at: [14, 3],
    path: 'traffic.timout',
    message: /unknown key "timout" in traffic/,
    hint: /did you mean timeout\?/,
  },
  {
    what: 'unknown key at the top',
    text: variant({ 1: 'nme: shop' }),
    at: [1, 1],
    path: 'nme',
    message: /unknown key "nme" at the top/,
    hint: /did you mean name\?/,
  },
  {
    what: 'key at the wrong place',
    text: variant({}, ['minInService: 1']),
    at: [14, 1],
    path: 'minInService',
    message: /unknown key/,
    hint: /belongs at rollout\.minInService/,
  },
  {
    what: 'unknown knob',
    text: variant({ 5: '  kind: lab\n  knobs:\n    graceMss: 5' }),
    at: [7, 5],
    path: 'balancer.knobs.graceMss',
    message: /unknown key/,
    hint: /did you mean graceMs\?/,
  },
  {
    what: 'key of the other balancer',
    text: variant({ 5: '  kind: lab\n  region: eu-west-1' }),
    at: [6, 3],
    path: 'balancer.region',
    message: /unknown key/,
    hint: /valid keys here: kind, name, preset, seed, knobs|balancer\.region/,
  },
  {
    what: 'missing section',
    text: variant({ 12: 'policy:', 13: '  mode: strict' }),
    at: [1, 1],
    path: 'traffic',
    message: /is missing/,
    hint: /add traffic/,
  },
  {
    what: 'missing key',
    text: variant({ 10: '  wait: sleep' }),
    at: [9, 1],
    path: 'rollout.version',
    message: /is missing/,
    hint: /version: v2/,
  },
  {
    what: 'empty value',
    text: variant({ 3: '  url:' }),
    at: [3, 3],
    path: 'service.url',
    message: /is empty/,
    hint: /e\.g\. url: http/,
  },
  {
    what: 'empty version',
    text: variant({ 10: '  version: ""' }),
    at: [10, 12],
    path: 'rollout.version',
    message: /is empty/,
    hint: /v2/,
  },
  {
    what: 'map for a text',
    text: variant({ 10: '  version: { a: b }' }),
    at: [10, 12],
    path: 'rollout.version',
    message: /is a map of keys; expected a single value/,
    hint: /version: v2/,
  },
  {
    what: 'text for a map',
    text: variant({ 12: 'traffic: fast', 13: '' }),
    at: [12, 10],
    path: 'traffic',
    message: /is a single value; expected a map/,
    hint: /requests/,
  },
];

describe('a scenario with keys or shapes nobody knows', () => itRefuses(BAD));
