import { describe, expect, it } from 'vitest';
import { load, variant } from './memory-io.js';

const stages = (...steps: readonly string[]) =>
  variant({
    9:
      'rollout:\n  strategy: stages\n  stages:\n    - name: one\n      steps:' +
      steps.map((step) => `\n        - ${step}`).join(''),
  });

describe('warnings', () => {
  const warningsOf = (text: string) =>
    load(text).warnings.map((each) => `${each.line}:${each.column} ${each.path}: ${each.message}`);
  it('has none for the small scenario', () => expect(warningsOf(variant())).toEqual([]));
  it('has none for k6 where Go hides nothing', () => {
    expect(warningsOf(variant({ 3: '  url: http://x/\n  method: POST', 13: '  rate: 200/s\n  engine: k6' }))).toEqual(
      [],
    );
    expect(warningsOf(variant({ 13: '  rate: 200/s\n  engine: k6\n  script: load.js' }))).toEqual([]);
  });
  it.each([
    [
      variant({ 11: '  deploy: none\n  wait: health\n  sleep: { afterDetach: 5s }' }),
      /^13:10 rollout\.sleep: .*not used with wait: health/,
    ],
    [variant({ 13: '  rate: 200/s\n  maxInFlight: 50' }), /^14:16 traffic\.maxInFlight: in an outage 2000 requests/],
    [
      variant({ 13: '  rate: 200/s\n  engine: k6' }),
      /^14:11 traffic\.engine: k6 cannot see .*; lane reuse is not run, .* no PASS/,
    ],
    [
      variant({
        3: '  url: http://x/\n  method: POST\n  headers: { Idempotency-Key: a }',
        13: '  rate: 200/s\n  engine: k6',
      }),
      /traffic\.engine: k6 cannot see .* under POST with Idempotency-Key/,
    ],
    [variant({ 13: '  rate: 10/s' }), /^13:9 traffic\.rate: the baseline has about 200 requests/],
    [variant({ 13: '  rate: 200/s\n  timeout: 90s' }), /^14:12 traffic\.timeout: .*idle timeout/],
    [variant({ 13: '  rate: 200/s\n  lanes: { new: 0 }' }), /^14:17 traffic\.lanes\.new: weight 0/],
    [variant({}, ['policy: { gates: { maxStall: 1s } }']), /^14:30 policy\.gates\.maxStall: is looser/],
    [
      variant({ 11: '  deploy: none\n  previousVersion: v2' }),
      /^12:20 rollout\.previousVersion: is the same as version/,
    ],
    [stages('deploy: a', 'deploy: b'), /^14:19 .*deploy: a is still attached/],
    [stages('detach: a', 'deploy: a', 'attach: a'), /rollout\.stages: b is never deployed/],
    [variant({ 8: '', 11: '  deploy: none\n  minInService: 0' }), /^7:3 targets: with a single target/],
  ])('%#', (text, expected) => {
    expect(warningsOf(text).filter((line) => expected.test(line))).toHaveLength(1);
  });
});
