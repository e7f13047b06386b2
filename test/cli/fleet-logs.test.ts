import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readPodLogs } from '../../src/cli/fleet-logs.js';
import { main } from '../../src/cli/program.js';
import { FleetRows } from '../../src/traffic/fleet/fleet-rows.js';
import { processHost } from '../../src/traffic/foreign/process-host.js';
import { fakeIo } from '../support/fake-io.js';
import { consoleLine, PLAN } from '../support/fleet-lines.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-kubectl-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type State = 'completed' | 'running' | 'failed' | 'pending';

/** A pod as `kubectl get pods -o json` prints a runner of k6-operator. */
function pod(name: string, state: State = 'completed', restartCount = 0) {
  const phase = { completed: 'Succeeded', running: 'Running', failed: 'Failed', pending: 'Pending' }[state];
  const times = { startedAt: '2027-01-15T08:00:00Z', finishedAt: '2027-01-15T08:00:06Z' };
  const ended = (exitCode: number, reason: string) => ({
    terminated: { containerID: 'containerd://0af', exitCode, reason, ...times },
  });
  const states = {
    completed: ended(0, 'Completed'),
    running: { running: { startedAt: times.startedAt } },
    failed: ended(107, 'Error'),
    pending: { waiting: { reason: 'ContainerCreating' } },
  };
  const before = restartCount === 0 ? {} : ended(137, 'OOMKilled');
  const k6 = { name: 'k6', image: 'grafana/k6:2.2.0', imageID: 'docker.io/grafana/k6@sha256:0', ready: false };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'load', labels: { app: 'k6', k6_cr: 'p', runner: 'true' } },
    spec: { containers: [{ name: 'k6' }], restartPolicy: 'Never' },
    status: {
      phase,
      containerStatuses: [
        { name: 'istio-proxy', ready: true, restartCount: 3, state: { running: times } },
        { ...k6, restartCount, started: false, state: states[state], lastState: before },
      ],
    },
  };
}

/** What the k6 of shard `i` left in its log, among k6's own words. */
function log(i: number, from = 0): string {
  const rows: string[] = [];
  for (let n = i; n < 120; n += 3) rows.push(consoleLine(n, n * 50));
  const begin = from === 0 ? ['     execution: local', '        script: /test/probe.ts', ''] : [];
  return [
    ...begin,
    ...rows.slice(from).map((r) => `time="2027-01-15T08:00:01Z" level=info msg="${r}" source=console`),
    '',
  ].join('\n');
}

/** A folder with an executable `kubectl` that answers from files in it, and notes how it was called. */
function standIn(name: string, answers: { pods: string; logs?: Record<string, string>; script?: string }) {
  const dir = join(folder, name);
  mkdirSync(dir);
  writeFileSync(join(dir, 'pods.json'), answers.pods);
  for (const [who, text] of Object.entries(answers.logs ?? {})) writeFileSync(join(dir, `${who}.log`), text);
  const script = `#!/bin/sh
cd '${dir}'
printf '%s\\n' "$*" >> calls
${answers.script ?? ''}
case $1 in
  get) echo 'W1201 08:00:00.1 warnings.go:70] {"soon": "deprecated"}' >&2; cat pods.json ;;
  logs) for word; do if [ -f "$word.log" ]; then cat "$word.log"; exit 0; fi; done
    echo "Error from server (BadRequest): container \\"k6\\" in pod \\"$4\\" is waiting to start: ContainerCreating" >&2; exit 1 ;;
esac
`;
  writeFileSync(join(dir, 'kubectl'), script);
  chmodSync(join(dir, 'kubectl'), 0o755);
  return { dir, env: { PATH: `${dir}:/usr/bin:/bin` }, calls: () => readFileSync(join(dir, 'calls'), 'utf8').trim() };
}

const listOf = (...pods: readonly object[]) =>
  JSON.stringify({ apiVersion: 'v1', items: pods, kind: 'List', metadata: { resourceVersion: '' } }, null, 4);
const NAMES = ['p-1-x7k2p', 'p-2-hq9rl', 'p-3-ssz4d'] as const;
const LOGS = Object.fromEntries(NAMES.map((name, i) => [name, log(i)]));
const SELECTOR = 'k6_cr in (p),runner=true';

async function read(env: Record<string, string>) {
  const rows = new FleetRows(PLAN);
  await readPodLogs(rows, { namespace: 'load', selector: SELECTOR }, processHost(env));
  for (const one of rows.shards) one.trim();
  return [...rows.problems, ...rows.shards.flatMap(({ problems }) => problems)];
}

describe('the rows of pods, through kubectl', () => {
  it('asks for the pods of the plan and then for the log of each one’s k6, and needs nothing else', async () => {
    const { env, calls } = standIn('whole', { pods: listOf(...NAMES.map((n) => pod(n))), logs: LOGS });
    expect(await read(env)).toEqual([]);
    expect(calls().split('\n')).toEqual([
      `get pods -n load -l ${SELECTOR} -o json`,
      ...NAMES.map((n) => `logs -n load ${n} -c k6`),
    ]);
  });

  it('holds against the rows what the pods’ state says: still running, ended badly, started again, not begun', async () => {
    const [first, second, third] = NAMES;
    const pods = listOf(
      pod(first, 'running'),
      pod(second, 'failed'),
      pod(third, 'completed', 1),
      pod('p-4-late', 'pending'),
    );
    const { env } = standIn('states', { pods, logs: LOGS });
    expect(await read(env)).toEqual([
      `pod ${first}: it has not ended (Running): its rows are not whole`,
      `pod ${second}: k6 ended with exit code 107`,
      `pod ${third}: it was started again: the rows of before are gone`,
      'pod p-4-late: it has not ended (Pending): its rows are not whole',
      expect.stringMatching(
        /^pod p-4-late: kubectl logs ended with 1: Error from server \(BadRequest\): container "k6"/,
      ),
    ]);
  });

  it('misses what log rotation took away, what a cut stream did not bring, and a pod that is gone', async () => {
    const [first, second] = NAMES;
    const whole = LOGS[second] ?? '';
    const logs = { [first]: log(0, 7), [second]: whole.slice(0, whole.lastIndexOf('|s1|', whole.length - 2500)) };
    const problems = (await read(standIn('rotated', { pods: listOf(pod(first), pod(second)), logs }).env)).join('\n');
    expect(problems).toMatch(/shard p-0: 7 planned arrivals of lane new are missing/);
    expect(problems).toMatch(new RegExp(`pod ${second}: 1 rows are not whole`));
    expect(problems).toMatch(/shard p-1: \d+ planned arrivals of lane new are missing/);
    expect(problems).toMatch(/shard p-2 left no rows at all/);
  });

  it('is no run at all without kubectl, without pods, and when kubectl fails: exit 69, its words shown plainly', async () => {
    const files = join(folder, 'files');
    mkdirSync(files);
    writeFileSync(join(files, 'plan.json'), JSON.stringify(PLAN));
    const events = new URL('../../reports/sample/events.ndjson', import.meta.url).pathname;
    const collect = async (env: Record<string, string>) => {
      const fake = fakeIo({ cwd: files, env });
      const argv = ['collect', '--plan', 'plan.json', '--events', events, '--from-kubectl', '-n', 'load'];
      return { code: await main(argv, fake.io), err: fake.err() };
    };
    expect(await collect({ PATH: files })).toEqual({ code: 69, err: expect.stringMatching(/there is no kubectl/) });
    const none = await collect(standIn('none', { pods: listOf() }).env);
    expect(none).toEqual({ code: 69, err: expect.stringMatching(/finds no pod with k6_cr in \(p\),runner=true/) });
    const esc = String.fromCharCode(27);
    const refusing = `printf 'Error from server (Forbidden): ${esc}[31mpods is forbidden\\n' >&2; exit 1`;
    const refused = await collect(standIn('refused', { pods: '', script: refusing }).env);
    expect(refused).toEqual({
      code: 69,
      err: expect.stringMatching(/kubectl get pods failed: .*Forbidden.*forbidden/),
    });
    expect(refused.err).not.toContain(esc);
    const garbled = await collect(standIn('garbled', { pods: 'error: unexpected EOF' }).env);
    expect(garbled).toMatchObject({ code: 69, err: expect.stringMatching(/kubectl get pods failed/) });
  });
});
