import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { type LabHandle, launchLab } from '../../dist/lab/launch.js';

const SCENARIO = fileURLToPath(new URL('../../scenarios/lab.yaml', import.meta.url));

export interface StepBenchOptions {
  readonly targets: readonly string[];
  /** Those that wait outside of the load balancer. */
  readonly outside?: readonly string[];
  /** The scenario's `rollout`, in YAML's flow style. */
  readonly rollout: string;
}

/** Labs that outlive every step, and for each the scenario that meets it as it would meet AWS, as `plan.yaml`. */
export function stepLabs(folder: string) {
  const labs: LabHandle[] = [];
  return {
    async stop(): Promise<void> {
      for (const lab of labs) await lab.stop();
    },
    async bench(name: string, { targets, outside = [], rollout }: StepBenchOptions) {
      const dir = join(folder, name);
      mkdirSync(dir);
      const instances = targets.map((target, i) => ({ target, instance: `i-${i + 1}` }));
      const out = instances.filter(({ target }) => outside.includes(target)).map(({ instance }) => instance);
      const lab = await launchLab({
        preset: 'lab-fast',
        name,
        region: 'us-east-1',
        seed: 5,
        knobs: { deregisterPropagationMs: [20, 100], registerDelayMs: 50 },
        instances,
        out,
        version: 'v1',
      });
      labs.push(lab);
      const nodes = lab.nodes.map((n) => `"${n.host}:${n.port}"`).join(', ');
      writeFileSync(
        join(dir, 'plan.yaml'),
        `extends: ${SCENARIO}
name: ${name}
environment: staging
service: { url: "http://lb.test/" }
balancer: { kind: elb-classic, name: ${name}, region: us-east-1, endpoint: "${lab.endpoint}", autoScaling: none }
targets: [${instances.map(({ target, instance }) => `{ id: ${target}, instance: ${instance} }`).join(', ')}]
rollout: ${rollout}
traffic: { rate: 100/s, lanes: { long: off }, warmUp: 200ms, baseline: 2s, settle: 300ms, resolve: { lb.test: [${nodes}] } }
policy:
  slo: 95%
  fullOutage: 4s
  targetOutage: 10s
  gates: { minBaseline: 100, maxLate: 0.5, maxStall: 5s, late: 3s, maxDropped: 0.2 }
`,
      );
      const env = { ...lab.env, ROLLPROOF_STATE_DIR: join(dir, 'state') };
      const begin = instances.map(({ instance }) => instance).filter((instance) => !out.includes(instance));
      await vi.waitUntil(async () => (await inService(lab)) === begin.join(' '), { timeout: 20_000, interval: 100 });
      return { dir, lab, env };
    },
  };
}

/** Instances in service by the lab's own word, in order. */
export async function inService(lab: LabHandle): Promise<string> {
  const reply = await fetch(`${lab.controlUrl}/state`, { headers: { authorization: `Bearer ${lab.controlToken}` } });
  const state = (await reply.json()) as { loadBalancers: { instances: { instance: string; phase: string }[] }[] };
  const there = state.loadBalancers[0]?.instances.filter((i) => i.phase === 'in-service') ?? [];
  return there
    .map((i) => i.instance)
    .sort()
    .join(' ');
}
