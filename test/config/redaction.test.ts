import { describe, expect, it } from 'vitest';
import { redactScenario } from '../../src/config/redaction.js';
import { load, variant } from './memory-io.js';

const SECRET = 'hunter2';

describe('redactScenario', () => {
  const text = variant({
    3: [
      '  url: http://lab.local/?user=me&api_key=hunter2#'.slice(0, -1),
      '  headers: { Authorization: Bearer hunter2, cookie: a=hunter2, X-Api-Key: hunter2, x-trace: keep }',
    ].join('\n'),
    11: [
      '  deploy:',
      '    command: [./go, --password, hunter2, --token=hunter2, -H, "Authorization: Bearer hunter2", "https://me:hunter2@x/?secret=hunter2", --to, blue]',
      '    env: { DB_PASSWORD: hunter2, GITHUB_TOKEN: hunter2, AWS_SECRET_ACCESS_KEY: hunter2, STAGE: keep, DSN: "pg://u:hunter2@db/x" }',
    ].join('\n'),
    13: '  rate: 200/s\n  lanes: { long: { path: "/h?ms={ms}&token=hunter2", maxHold: 2s } }',
  });
  const { scenario } = load(text);
  const redacted = redactScenario(scenario);

  it('leaves no secret', () => {
    expect(JSON.stringify(scenario).split(SECRET).length).toBe(15);
    expect(JSON.stringify(redacted)).not.toContain(SECRET);
  });
  it('keeps names and everything else', () => {
    expect(redacted.service.headers).toEqual({
      Authorization: '[redacted]',
      cookie: '[redacted]',
      'X-Api-Key': '[redacted]',
      'x-trace': 'keep',
    });
    expect(redacted.service.url).toBe('http://lab.local/?user=me&api_key=[redacted]');
    expect(redacted.rollout.deploy).toMatchObject({
      command: [
        './go',
        '--password',
        '[redacted]',
        '--token=[redacted]',
        '-H',
        'Authorization: [redacted]',
        'https://[redacted]@x/?secret=[redacted]',
        '--to',
        'blue',
      ],
      env: { STAGE: 'keep', DSN: 'pg://[redacted]@db/x' },
    });
    expect(redacted.traffic.lanes.long?.path).toBe('/h?ms={ms}&token=[redacted]');
    expect({ ...redacted, service: 0, rollout: 0, traffic: 0 }).toEqual({
      ...scenario,
      service: 0,
      rollout: 0,
      traffic: 0,
    });
  });
  it('reads shell lines', () => {
    const shell = load(
      variant({ 11: '  deploy: { shell: true, command: "TOKEN=hunter2 ./go --password \'hunter2\' --to x" }' }),
    ).scenario;
    expect(redactScenario(shell).rollout.deploy).toMatchObject({
      command: ['TOKEN=[redacted] ./go --password [redacted] --to x'],
    });
  });
  it('changes nothing in a scenario without secrets', () => {
    const plain = load(variant()).scenario;
    expect(redactScenario(plain)).toEqual(plain);
  });
});
