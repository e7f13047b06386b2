import { describe, expect, it } from 'vitest';
import { LAB_KNOBS, readKnob } from '../../src/config/lab-knobs.js';
import { isLabKnob, knobProblem, LAB_KNOB_NAMES } from '../../src/lab/knobs.js';
import { LAB_PRESET_NAMES, labSettings } from '../../src/lab/presets.js';
import { load, variant } from './memory-io.js';

describe('lab knobs', () => {
  it('are those of the lab', () => {
    expect(LAB_KNOBS.map((knob) => knob.name).sort()).toEqual([...LAB_KNOB_NAMES].sort());
  });
  it.each(LAB_KNOBS.map((knob) => [knob.name, knob] as const))('%s takes what the lab takes', (name, knob) => {
    if (!isLabKnob(name)) throw new Error(`${name} is no knob of the lab`);
    const texts = [
      '0',
      '0.0005',
      '0.001',
      '0.5',
      '1',
      '2',
      '8',
      '9',
      '10',
      '11',
      '100',
      '101',
      '3600000',
      '3600001',
      'true',
      'v2',
      'x'.repeat(201),
    ];
    for (const text of [...texts, ['1', '2'], ['2', '1'], ['1'], ['0', '3600001']]) {
      const result = readKnob(knob, text);
      if (result.ok) expect(knobProblem(name, result.value), `${name}: ${String(text)}`).toBeNull();
      else if (knob.kind !== 'text') expect(knobProblem(name, asLab(text)), `${name}: ${String(text)}`).not.toBeNull();
    }
  });
  it('reads durations and ranges in the file', () => {
    const text = variant({
      5: '  kind: lab\n  knobs: { registerDelayMs: [300, 1s], graceMs: 2s, latencyMs: 5, errorRate: 1%, brokenVersion: 2 }',
    });
    const { balancer } = load(text).scenario;
    expect(balancer).toMatchObject({
      knobs: { registerDelayMs: [300, 1000], graceMs: 2000, latencyMs: 5, errorRate: 0.01, brokenVersion: '2' },
    });
    if (balancer.kind === 'lab') expect(labSettings(balancer.preset, balancer.knobs).knobs.graceMs).toBe(2000);
  });
  it('knows the presets', () => {
    for (const preset of LAB_PRESET_NAMES)
      expect(load(variant({ 5: `  kind: lab\n  preset: ${preset}` })).scenario.balancer).toMatchObject({ preset });
  });
});

function asLab(text: string | readonly string[]): unknown {
  if (typeof text !== 'string') return text.map(Number);
  return text === 'true' ? true : Number.isNaN(Number(text)) ? text : Number(text);
}
