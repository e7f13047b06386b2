import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LAB_KNOB_NAMES, LAB_PRESET_NAMES, labSettings } from '../../src/lab/presets.js';

describe('presets', () => {
  it('lab-fast is what the documentation says', () => {
    expect(labSettings('lab-fast').knobs).toMatchObject({
      nodes: 2,
      registerDelayMs: [200, 200],
      registerPropagationMs: [50, 300],
      deregisterPropagationMs: [300, 1_000],
      healthIntervalMs: 1_000,
      healthTimeoutMs: 500,
      unhealthyThreshold: 2,
      healthyThreshold: 2,
      initialHealthyChecks: 1,
      drainEnabled: true,
      drainTimeoutMs: 5_000,
      connectRetries: 0,
      graceMs: 0,
      startupDelayMs: 150,
    });
    expect(labSettings('aws-clb').knobs).toMatchObject({
      connectRetries: 2,
      drainEnabled: false,
      drainTimeoutMs: 300_000,
    });
    expect(['aws-clb', 'aws-alb', 'aws-nlb', 'lab-fast'].map((preset) => labSettings(preset).knobs.kind)).toEqual([
      'classic',
      'application',
      'network',
      'classic',
    ]);
    expect(labSettings('lab-fast', { kind: 'application' }).knobs).toMatchObject({
      kind: 'application',
      drainTimeoutMs: 5_000,
    });
    expect(() => labSettings('lab-fast', { kind: 'alb' })).toThrow(
      "'kind' must be one of classic, application, network",
    );
  });

  it.each(LAB_PRESET_NAMES)('%s keeps application connections longer than the balancer does', (preset) => {
    const { knobs } = labSettings(preset);
    expect(knobs.keepAliveMs).toBeGreaterThan(knobs.idleTimeoutMs);
    expect(Object.keys(knobs).sort()).toEqual([...LAB_KNOB_NAMES].sort());
  });

  it('a real preset fits into a minute by its time scale', () => {
    for (const [preset, timeScale] of [
      ['aws-clb', 0.05],
      ['aws-alb', 0.05],
      ['aws-nlb', 0.01],
    ] as const) {
      const { knobs } = labSettings(preset, { timeScale });
      // Two targets, each detached and attached once, drained and checked: an upper bound of a roll without sleeps.
      const oneMs =
        knobs.deregisterPropagationMs[1] +
        knobs.registerDelayMs[1] +
        knobs.registerPropagationMs[1] +
        2 * knobs.healthIntervalMs;
      expect(2 * oneMs).toBeLessThan(60_000);
      expect(knobs.healthIntervalMs).toBeGreaterThan(0);
    }
  });

  it('multiplies every delay by timeScale and nothing else', () => {
    const plain = labSettings('aws-clb').knobs;
    const scaled = labSettings('aws-clb', { timeScale: 0.1 }).knobs;
    for (const name of LAB_KNOB_NAMES) {
      const [before, after] = [plain[name], scaled[name]];
      if (name === 'timeScale') continue;
      if (!name.endsWith('Ms')) expect(after).toEqual(before);
      else expect([after].flat()).toEqual([before].flat().map((value) => (value as number) * 0.1));
    }
  });

  it('takes a number or a range where a range is meant, and fits the timeout to a shorter interval', () => {
    expect(labSettings('lab-fast', { registerDelayMs: [1, 2] }).knobs.registerDelayMs).toEqual([1, 2]);
    expect(labSettings('lab-fast', { healthIntervalMs: 100 }).knobs.healthTimeoutMs).toBe(100);
  });
});

describe('refusals', () => {
  it('names an unknown preset and the known ones', () => {
    for (const name of ['fast', '__proto__', 'toString']) {
      expect(() => labSettings(name)).toThrow(
        `unknown lab preset '${name}'; the presets are aws-clb, aws-alb, aws-nlb, lab-fast`,
      );
    }
  });

  it('a listener fits its balancer', () => {
    expect(() => labSettings('aws-alb', { listener: 'tcp' })).toThrow(/must be http or https/);
    expect(() => labSettings('aws-nlb', { listener: 'https' })).toThrow(/must be tcp or ssl/);
    expect(() => labSettings('lab-fast', { listener: 'udp' })).toThrow(/must be one of http, https, tcp, ssl/);
    expect(() => labSettings('lab-fast', { versionHeader: 'a b' })).toThrow(/a header name or none/);
    expect(labSettings('lab-fast', { listener: 'ssl' }).knobs.listener).toBe('ssl');
  });

  it('what HAProxy cannot do is refused, all of it at once; what the preset has of itself is not', () => {
    expect(labSettings('aws-clb', { dataPlane: 'haproxy' }).knobs).toMatchObject({ dataPlane: 'haproxy', preopen: 2 });
    expect(labSettings('aws-alb', { dataPlane: 'haproxy', preopen: 0, rstAtDrainEnd: false }).knobs.kind).toBe(
      'application',
    );
    const bad = { dataPlane: 'haproxy', listener: 'tcp', preopen: 1, surgeQueue: 3, rstAtDrainEnd: true, nodez: 1 };
    expect(() => labSettings('lab-fast', bad)).toThrow(
      /unknown knob 'nodez'.*'listener' must be http.*'preopen' cannot be set.*'surgeQueue' cannot be set.*'rstAtDrainEnd' cannot be set/,
    );
    expect(() => labSettings('aws-nlb', { dataPlane: 'haproxy' })).toThrow(/'listener' must be http/);
  });

  it('names every problem at once', () => {
    const bad = { drainTimeout: 5, nodes: 0, registerDelayMs: [5, 1], errorRate: 1.5, healthLies: 'yes' };
    expect(() => labSettings('lab-fast', bad)).toThrow(
      /unknown knob 'drainTimeout'.*'nodes' must be a whole number from 1 to 8.*'registerDelayMs' must be a number or \[low, high\].*'errorRate'.*'healthLies' must be true or false.*the knobs are kind, nodes,/,
    );
    expect(() => labSettings('lab-fast', { healthIntervalMs: 100, healthTimeoutMs: 200 })).toThrow(
      /must not be more than/,
    );
  });

  it('no value makes a knob something else than its kind', () => {
    fc.assert(
      fc.property(fc.constantFrom(...LAB_KNOB_NAMES), fc.anything(), (name, value) => {
        const kind = (input: unknown): string => (Array.isArray(input) ? 'range' : typeof input);
        let knobs: ReturnType<typeof labSettings>['knobs'];
        try {
          knobs = labSettings('lab-fast', { [name]: value }).knobs;
        } catch (cause) {
          expect(String(cause)).toContain(name.startsWith('health') ? 'health' : name);
          return;
        }
        expect(kind(knobs[name])).toBe(kind(labSettings('lab-fast').knobs[name]));
      }),
    );
  });
});
