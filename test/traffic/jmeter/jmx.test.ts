// biome-ignore-all lint/suspicious/noTemplateCurlyInString: JMeter's own variables.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { jmxPlan } from '../../../src/traffic/jmeter/jmx.js';
import { type WorkloadChanges, workload } from '../embedded/workload.js';

const plan = (changes: WorkloadChanges = {}) => jmxPlan({ ...workload(changes) });

/** What an XML parser takes the plan for: the values found at an XPath. */
function found(xml: string, xpath: string): string {
  return execFileSync('xmllint', ['--xpath', `string(${xpath})`, '-'], { input: xml, encoding: 'utf8' }).trimEnd();
}
const HOSTILE = `</stringProp><x a="1">&amp;' ]]> <!-- \u0007 "quoted" $1 \\E é`;

describe('jmxPlan', () => {
  it('is well formed and has a group per lane', () => {
    const xml = plan({
      traffic: {
        lanes: {
          newWeight: 1,
          reuseWeight: 3,
          long: { ratePerSecond: 5, path: '/hold?ms={ms}&x', minHoldMs: 100, maxHoldMs: 300 },
        },
      },
    });
    expect(found(xml, 'count(//ThreadGroup)')).toBe('3');
    expect(found(xml, '//ThreadGroup[2]/@testname')).toBe('reuse');
    expect(found(xml, '//HTTPSamplerProxy[@testname="new"]/boolProp[@name="HTTPSampler.use_keepalive"]')).toBe('false');
    expect(found(xml, '//HTTPSamplerProxy[@testname="reuse"]/boolProp[@name="HTTPSampler.use_keepalive"]')).toBe(
      'true',
    );
    expect(found(xml, '//HTTPSamplerProxy[@testname="long"]/stringProp[@name="HTTPSampler.path"]')).toBe(
      '/hold?ms=${hold}&x',
    );
  });

  it('has room for every request a hanging service can keep', () => {
    const threads = (xml: string) => Number(found(xml, '//ThreadGroup[1]/intProp[@name="ThreadGroup.num_threads"]'));
    expect(threads(plan({ traffic: { ratePerSecond: 100, timeoutMs: 4000 } }))).toBeGreaterThanOrEqual(50 * 4);
    expect(threads(plan({ traffic: { ratePerSecond: 100, maxInFlight: 20 } }))).toBe(10);
  });

  it('keeps hostile text text, but for control characters XML cannot hold', () => {
    const xml = plan({
      service: {
        body: HOSTILE,
        headers: { 'X-Hostile': HOSTILE },
        ok: { status: [[200, 299]], bodyContains: HOSTILE },
        identity: { target: HOSTILE, version: 'x-version', bootId: null },
      },
    });
    const kept = HOSTILE.replace('\u0007', '');
    expect(found(xml, '//stringProp[@name="Argument.value"]')).toBe(kept);
    expect(found(xml, '//stringProp[@name="Header.value"][contains(., "stringProp")]')).toBe(kept);
    expect(found(xml, '//ResponseAssertion//stringProp[@name="1"]')).toBe(kept);
    expect(found(xml, 'count(//x)')).toBe('0');
  });

  it('puts no host into the script unquoted', () => {
    const script = found(plan({ service: { url: "http://a'b.test/" } }), '//JSR223Timer[1]/stringProp[@name="script"]');
    expect(script).toContain("[['a\\'b.test', '80']]");
  });

  it('ends by itself, some minutes after the run would, or after `duration` seconds where nobody said', () => {
    const limit = '//ThreadGroup[1]/stringProp[@name="ThreadGroup.duration"]';
    expect(found(plan({ maxDurationMs: 60_000 }), limit)).toBe('360');
    const { service, traffic } = workload();
    expect(found(jmxPlan({ service, traffic, runId: 'x' }), limit)).toBe('${__P(duration,600)}');
    expect(found(plan(), '//ThreadGroup[1]/boolProp[@name="ThreadGroup.scheduler"]')).toBe('true');
    const script = '//JSR223Timer[1]/stringProp[@name="script"]';
    expect(found(plan({ maxDurationMs: 60_000 }), script)).toContain('double seconds = 360d');
    expect(found(jmxPlan({ service, traffic, runId: 'x' }), script)).toContain("getProperty('duration', '600')");
  });

  it.each([
    [{ service: { url: 'https://a/' } }, /trusts every certificate/],
    [{ service: { url: 'https://a/' }, traffic: { resolve: { a: ['10.0.0.1'] } } }, /traffic\.resolve with https/],
    [{ traffic: { tls: { caFile: '/ca', serverName: null, insecure: true } } }, /cannot be kept/],
    [{ traffic: { injectStall: { atMs: 1, durationMs: 1 } } }, /stall/],
    [{ service: { headers: { a: '${__groovy(1)}' } } }, /variable of its own/],
    [{ service: { body: '${x}' } }, /variable of its own/],
  ] satisfies [WorkloadChanges, RegExp][])('refuses what JMeter would do in another way: %j', (changes, message) => {
    expect(() => plan(changes)).toThrow(message);
  });
});
