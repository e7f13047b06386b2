// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are the scenario's own.
import { describe } from 'vitest';
import { type Bad, itRefuses } from './bad.js';
import { variant } from './memory-io.js';

const BAD: readonly Bad[] = [
  {
    what: 'long lane without {ms}',
    text: variant({ 13: '  rate: 9\n  lanes:\n    long: { path: /hold }' }),
    at: [15, 19],
    path: 'traffic.lanes.long.path',
    message: /no \{ms\}/,
    hint: /ms=\{ms\}/,
  },
  {
    what: 'hold backwards',
    text: variant({ 13: '  rate: 9\n  lanes:\n    long: { path: "/h?{ms}", minHold: 5s, maxHold: 2s }' }),
    at: [15, 39],
    path: 'traffic.lanes.long.minHold',
    message: /above maxHold/,
    hint: /swap/,
  },
  {
    what: 'hold beyond timeout',
    text: variant({ 13: '  rate: 9\n  lanes:\n    long: { path: "/h?{ms}", maxHold: 10s }' }),
    at: [15, 39],
    path: 'traffic.lanes.long.maxHold',
    message: /run into the timeout of 10 s/,
    hint: /timeout/,
  },
  {
    what: 'no weights',
    text: variant({ 13: '  rate: 9\n  lanes: { new: 0, reuse: 0 }' }),
    at: [14, 10],
    path: 'traffic.lanes',
    message: /no traffic/,
    hint: /weight 1/,
  },
  {
    what: 'bad knob range',
    text: variant({ 5: '  kind: lab\n  knobs:\n    registerDelayMs: [5, 2]' }),
    at: [7, 22],
    path: 'balancer.knobs.registerDelayMs',
    message: /after its end/,
    hint: /\[300, 1s\]/,
  },
  {
    what: 'header with a line break',
    text: variant({ 3: '  url: http://x/\n  headers: { x-a: "b\\r\\nc: d" }' }),
    at: [4, 19],
    path: 'service.headers.x-a',
    message: /line break/,
    hint: /one line/,
  },
  {
    what: 'header of the generator',
    text: variant({ 3: '  url: http://x/\n  headers: { Connection: close }' }),
    at: [4, 26],
    path: 'service.headers.Connection',
    message: /set by the traffic generator/,
    hint: /remove/,
  },
  {
    what: 'https to the lab',
    text: variant({ 3: '  url: https://lab.local/' }),
    at: [3, 8],
    path: 'service.url',
    message: /plain http/,
    hint: /http:/,
  },
  {
    what: 'environment of a real balancer',
    text: variant({ 5: '  kind: elb-classic\n  name: x\n  region: eu-west-1' }),
    at: [1, 1],
    path: 'environment',
    message: /is missing/,
    hint: /environment: staging/,
  },
  {
    what: 'resolve to a name',
    text: variant({ 13: '  rate: 9\n  resolve: { lab.local: [other.example] }' }),
    at: [14, 26],
    path: 'traffic.resolve["lab.local"][0]',
    message: /not an address/,
    hint: /10\.0\.0\.1/,
  },
  {
    what: 'unknown verdict code',
    text: variant({}, ['expect:', '  verdict: FAIL', '  codes: [DOWNTIME]']),
    at: [16, 11],
    path: 'expect.codes[0]',
    message: /not one of/,
    hint: /./,
  },
];

describe('a scenario whose traffic and environment do not fit together', () => itRefuses(BAD));
