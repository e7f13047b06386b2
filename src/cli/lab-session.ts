import type { Scenario } from '../domain/scenario.js';
import { type LabHandle, launchLab } from '../lab/launch.js';
import type { LabAccess } from '../run/compose.js';
import { labStartError } from './lab-start-error.js';

/** The version a lab's targets run before anybody deploys. */
const FIRST_VERSION = 'v1';

/** Runs `work` with the lab the scenario asks for (null for a real balancer) and always stops the lab afterwards; `say` hears what is not as it should be. */
export async function withLab<T>(
  scenario: Scenario,
  say: (line: string) => void,
  work: (lab: LabAccess | null) => Promise<T>,
): Promise<T> {
  if (scenario.balancer.kind !== 'lab') return work(null);
  const lab = await started(scenario, scenario.balancer);
  if (lab.note !== null) say(`note: ${lab.note}\n`);
  try {
    return await work(labAccess(lab));
  } finally {
    await lab.stop();
  }
}

async function started(
  scenario: Scenario,
  balancer: Extract<Scenario['balancer'], { kind: 'lab' }>,
): Promise<LabHandle> {
  try {
    return await launchLab({
      preset: balancer.preset,
      name: balancer.name,
      region: 'us-east-1',
      seed: balancer.seed,
      knobs: balancer.knobs,
      instances: scenario.targets.map((t) => ({ target: t.id, instance: t.instance })),
      version: scenario.rollout.previousVersion ?? FIRST_VERSION,
      out: outAtTheStart(scenario),
    });
  } catch (cause) {
    throw labStartError(cause, 'does something hold addresses 127.0.0.2 and up, or the ports?');
  }
}

/** Green of a blue-green deploy has yet to come in. */
function outAtTheStart({ rollout, targets }: Scenario): readonly string[] {
  const green = rollout.strategy === 'blue-green' ? (rollout.blueGreen?.green ?? []) : [];
  return targets.filter(({ id }) => green.includes(id)).map(({ instance }) => instance);
}

function labAccess(lab: LabHandle): LabAccess {
  return {
    endpoint: lab.endpoint,
    region: lab.region,
    loadBalancer: lab.loadBalancer,
    targetGroupArn: lab.targetGroupArn,
    haproxy: lab.haproxy,
    url: lab.url,
    caFile: lab.caFile,
    addresses: lab.nodes.map((n) => `${n.host}:${n.port}`),
    targetUrls: Object.fromEntries(lab.instances.map((i) => [i.instance, `http://127.0.0.1:${i.port}/`])),
    env: lab.env,
  };
}
