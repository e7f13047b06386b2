import { describe, expect, it } from 'vitest';
import { loadScenario } from '../../src/config/load.js';
import { redactScenario } from '../../src/config/redaction.js';
import { load, memoryIo, refusal, variant } from './memory-io.js';

const SERVICE = [
  '  url: http://lab.local/',
  '  headers: { X-Team: shop, Accept: "*/*" }',
  '  requests:',
  '    - { name: list, weight: 3, path: "/items?user={{user}}" }',
  '    - name: order',
  '      method: POST',
  '      path: /orders',
  '      headers: { accept: application/json, X-User: "{{ user }}" }',
  '      bodyFile: bodies/order.json',
  '      ok: { status: [201] }',
  '  values: { file: users.csv, order: random }',
].join('\n');
const FILES = {
  'bodies/order.json': '{"user":"{{user}}","note":"{{note}}"}',
  'users.csv': 'user,note\r\nann,"says ""hi"", twice"\nbob,"two\nlines"\n\n',
};
const whole = (service: string, files: Readonly<Record<string, string>> = FILES, traffic = '  rate: 200/s') => ({
  's.yaml': variant({ 3: service, 13: traffic }),
  ...files,
});
const told = (files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) =>
  refusal(files, env).problems.map((p) => `${p.file}:${p.line}:${p.column} ${p.path}: ${p.message}`);

describe('service.requests and service.values', () => {
  it('reads requests, body files and values, relative to where they are named', () => {
    const files = whole(SERVICE);
    const { scenario, warnings } = loadScenario('s.yaml', memoryIo(files));
    expect(warnings).toEqual([]);
    expect(scenario.service.requests).toEqual([
      {
        name: 'list',
        weight: 3,
        method: 'GET',
        path: '/items?user={{user}}',
        headers: { 'X-Team': 'shop', Accept: '*/*' },
        body: null,
        bodyFile: null,
        ok: null,
      },
      {
        name: 'order',
        weight: 1,
        method: 'POST',
        path: '/orders',
        headers: { 'X-Team': 'shop', accept: 'application/json', 'X-User': '{{ user }}' },
        body: FILES['bodies/order.json'],
        bodyFile: 'bodies/order.json',
        ok: { status: [[201, 201]], bodyContains: null },
      },
    ]);
    expect(scenario.service.values).toEqual({
      file: 'users.csv',
      order: 'random',
      columns: ['user', 'note'],
      rows: [
        ['ann', 'says "hi", twice'],
        ['bob', 'two\nlines'],
      ],
      rowCount: 2,
    });
  });

  it('writes neither values nor body files to the run directory', () => {
    const { scenario } = loadScenario('s.yaml', memoryIo(whole(SERVICE)));
    const redacted = redactScenario(scenario);
    expect(JSON.stringify(redacted)).not.toMatch(/says|ann|"note":/);
    expect(redacted.service.values).toMatchObject({
      file: 'users.csv',
      rows: [],
      rowCount: 2,
      columns: ['user', 'note'],
    });
    expect(redacted.service.requests![1]).toMatchObject({ bodyFile: 'bodies/order.json', body: '[redacted]' });
    const secret = SERVICE.replace('X-Team: shop', 'X-Api-Key: hunter2').replace('/orders', '/orders?token=hunter2');
    const other = loadScenario('s.yaml', memoryIo(whole(secret))).scenario;
    expect(JSON.stringify(redactScenario(other))).not.toContain('hunter2');
  });

  it('tells everything that is wrong at once, in the scenario and in the files it names', () => {
    const service = SERVICE.replace('/orders', 'orders')
      .replace('{{user}}" }', '{{usr}}" }')
      .replace('name: order', 'name: list')
      .replace('X-User', 'X-Note')
      .replace('"{{ user }}"', '"{{ note }}"');
    const files = { ...FILES, 'bodies/order.json': '{{who}}' };
    expect(told(whole(service, files))).toEqual([
      's.yaml:6:38 service.requests[0].path: "users.csv" has no column "usr"',
      's.yaml:7:13 service.requests[1].name: "list" is the name of another request',
      's.yaml:9:13 service.requests[1].path: "orders" is not a path',
      'bodies/order.json:1:1 service.requests[1].bodyFile: "users.csv" has no column "who"',
      'users.csv:3:5 service.values.file: the value has a line break or another character that cannot stand in a header',
    ]);
  });

  it.each<[string, readonly string[]]>([
    ['user,note\na,b\nc\nd,e,f\n', ['3:1 1 values for 2 columns', '4:1 3 values for 2 columns']],
    ['user,note\na,"b\n', ['2:3 a quote that is never closed']],
    ['user,note\na,b"c\n', ['2:4 a quote in the middle of a value']],
    ['user,note\n"a"b,c\n', ['2:4 text after the closing quote']],
    ['user,note\n', ['1:1 has no row of values']],
    ['user,user\na,b\n', ['1:6 "user" is named twice']],
    ['user,,note\na,b,c\n', ['1:6 "" names no column']],
  ])('refuses the values file %j', (text, problems) => {
    const found = told(whole(SERVICE, { ...FILES, 'users.csv': text }));
    expect(
      found.filter((p) => p.startsWith('users.csv')).map((p) => p.replace(' service.values.file:', '').slice(10)),
    ).toEqual(problems);
  });

  it.each<[string, RegExp]>([
    [SERVICE.replace('users.csv', 'nowhere.csv'), /13:19 service\.values\.file: cannot read "nowhere\.csv"/],
    [SERVICE.replace('bodies/order.json', 'nowhere'), /11:17 service\.requests\[1\]\.bodyFile: cannot read "nowhere"/],
    [
      SERVICE.replace('weight: 3', 'weight: 0').replace('method: POST', 'weight: 0'),
      /6:5 .*requests: all have weight 0/,
    ],
    [
      SERVICE.replace('method: POST', 'method: POST\n      body: x'),
      /12:17 .*\[1\]\.bodyFile: there is a body already/,
    ],
    [SERVICE.replace('X-User', 'Content-Length'), /10:\d+ .*content-length is set by the traffic generator/],
    [
      SERVICE.replace('method: POST', 'method: HEAD\n      body: ""').replace('[201]', '[201], bodyContains: x'),
      /8:15 .*no body/,
    ],
  ])('refuses %#', (service, message) => {
    expect(told(whole(service)).join('\n')).toMatch(message);
  });

  it('is for the embedded engine alone', () => {
    const traffic = '  rate: 200/s\n  engine: k6\n  lanes: { reuse: 0 }';
    expect(told(whole(SERVICE, FILES, traffic)).join('\n')).toMatch(
      /service\.requests: is not sent by engine k6[\s\S]*service\.values: is not sent by engine k6/,
    );
  });

  it('warns of what would have no effect', () => {
    const warningsOf = (service: string, files = FILES) =>
      loadScenario('s.yaml', memoryIo(whole(service, files))).warnings.map((w) => `${w.path}: ${w.message}`);
    const noValues = SERVICE.split('\n').slice(0, -1).join('\n');
    expect(warningsOf(noValues)).toContain('service.requests[0].path: the {{…}} is sent as it stands');
    expect(warningsOf(SERVICE.replace('shop', '"{{user}}"'))).toContain(
      'service.headers.X-Team: the {{…}} is sent as it stands',
    );
    expect(warningsOf(`${SERVICE}\n  body: x\n  method: POST`)).toEqual([
      'service.body: is not used by service.requests',
    ]);
    expect(warningsOf('  url: http://x/\n  requests: [{ name: a }]\n  values: { file: users.csv }')).toEqual([
      'service.values: no request uses a column of it',
    ]);
  });

  it('takes the body of the one request from a file, too', () => {
    const service = '  url: http://x/\n  method: POST\n  bodyFile: bodies/order.json';
    const { scenario } = loadScenario('s.yaml', memoryIo(whole(service)));
    expect(scenario.service.body).toBe(FILES['bodies/order.json']);
    expect(redactScenario(scenario).service.body).toBe('[redacted]');
    expect(told(whole(`${service}\n  body: x`))).toEqual(['s.yaml:5:13 service.bodyFile: there is a body already']);
    expect(told(whole(service, { 'bodies/order.json': 'a\ufffdb' })).join()).toMatch(/is not UTF-8 text/);
    expect(load(variant()).scenario.service.requests).toEqual([]);
  });
});

describe('client certificates', () => {
  const tls = (text: string) => whole('  url: https://x/', {}, `  rate: 200/s\n  tls: { ${text} }`);
  it('takes the passphrase from the environment and keeps it off the disk', () => {
    const files = tls('cert: c.pem, key: k.pem, keyPassphraseEnv: KEY_PASS');
    files['s.yaml'] = files['s.yaml']
      .replace('kind: lab', 'kind: elb-classic\n  name: x\n  region: eu-west-1')
      .replace('name: shop', 'name: shop\nenvironment: e');
    const { scenario } = loadScenario('s.yaml', memoryIo(files, { KEY_PASS: 'hunter2' }));
    expect(scenario.traffic.tls).toMatchObject({ certFile: 'c.pem', keyFile: 'k.pem', keyPassphrase: 'hunter2' });
    expect(JSON.stringify(redactScenario(scenario))).not.toContain('hunter2');
    expect(redactScenario(scenario).traffic.tls.keyPassphrase).toBe('[redacted]');
    expect(told(files).join()).toMatch(/traffic\.tls\.keyPassphraseEnv: names a variable that is not set/);
  });
  it.each([
    ['cert: c.pem', /traffic\.tls\.cert: is of no use without key/],
    ['key: k.pem', /traffic\.tls\.key: is of no use without cert/],
    ['keyPassphraseEnv: A', /traffic\.tls\.keyPassphraseEnv: there is no key/],
  ])('refuses %s', (text, message) => {
    expect(told(tls(text), { A: 'b' }).join('\n')).toMatch(message);
  });
});
