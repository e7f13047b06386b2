import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Control, startControl } from '../../src/lab/control.js';
import { deployThroughLab } from '../../src/lab/deploy-client.js';
import type { DeployProgress } from '../../src/lab/supervisor.js';

type Deploy = (name: string, version: string, tell: (progress: DeployProgress) => void) => Promise<void>;

let folder: string;
let control: Control;
let deploy: Deploy;
const lines: string[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lab-control-'));
  lines.length = 0;
  control = await startControl({ token: 'sesame', deploy: (...order) => deploy(...order), state: () => ({ a: 1 }) });
});
afterEach(async () => {
  await control.close();
  rmSync(folder, { recursive: true });
});

const marks = (): string => join(folder, 'marks.ndjson');
const env = (more: Record<string, string | undefined> = {}): Record<string, string | undefined> => ({
  ROLLPROOF_LAB_CONTROL: control.url,
  ROLLPROOF_LAB_TOKEN: 'sesame',
  ROLLPROOF_TARGET: 's-1',
  ROLLPROOF_INSTANCE: 'i-1',
  ROLLPROOF_VERSION: 'v2',
  ROLLPROOF_MARK_FILE: marks(),
  ...more,
});
const run = (more?: Record<string, string | undefined>): Promise<number> =>
  deployThroughLab(env(more), (line) => lines.push(line));

const sound: Deploy = async (name, version, tell) => {
  expect([name, version]).toEqual(['i-1', 'v2']);
  tell({ kind: 'mark', mark: { what: 'stopping', target: 's-1', monotonicNs: 9_007_199_254_740_993n } });
  tell({ kind: 'stopped', target: 's-1', version: 'v1', pid: 11 });
  tell({ kind: 'mark', mark: { what: 'up', target: 's-1', monotonicNs: 3n } });
  tell({ kind: 'started', target: 's-1', version: 'v2', pid: 12 });
};

describe('deploy through the lab', () => {
  it('prints what happens and writes each change as it happened', async () => {
    deploy = sound;
    expect(await run()).toBe(0);
    expect(lines).toEqual(['stopped v1 on s-1 (pid 11)', 'started v2 on s-1 (pid 12)']);
    expect(readFileSync(marks(), 'utf8')).toBe(
      '{"what":"stopping","target":"s-1","monotonicNs":"9007199254740993"}\n{"what":"up","target":"s-1","monotonicNs":"3"}\n',
    );
  });

  it('works without a mark file, and says when it cannot be written', async () => {
    deploy = sound;
    expect(await run({ ROLLPROOF_MARK_FILE: undefined })).toBe(0);
    expect(await run({ ROLLPROOF_MARK_FILE: join(folder, 'no', 'such') })).toBe(0);
    expect(lines.filter((line) => line.startsWith("warning: 'stopping' is not in the mark file: ENOENT"))).toHaveLength(
      1,
    );
  });

  it('fails with the reason, keeping the changes that did happen', async () => {
    deploy = async (_name, _version, tell) => {
      tell({ kind: 'mark', mark: { what: 'down', target: 's-1', monotonicNs: 5n } });
      throw new Error('no\u001b[31m luck');
    };
    expect(await run()).toBe(1);
    expect(lines).toEqual(['rollproof lab deploy: no\ufffd[31m luck']);
    expect(readFileSync(marks(), 'utf8')).toContain('"down"');
  });

  it.each(['ROLLPROOF_LAB_CONTROL', 'ROLLPROOF_LAB_TOKEN', 'ROLLPROOF_VERSION'])('needs %s', async (name) => {
    expect(await run({ [name]: '' })).toBe(64);
    expect(lines[0]).toBe(`rollproof lab deploy: not set: ${name}`);
  });

  it('needs a server, by either name', async () => {
    deploy = async (name) => {
      expect(name).toBe('s-1');
    };
    expect(await run({ ROLLPROOF_INSTANCE: undefined })).toBe(0);
    expect(await run({ ROLLPROOF_INSTANCE: undefined, ROLLPROOF_TARGET: undefined })).toBe(64);
    expect(lines).toContain('rollproof lab deploy: not set: ROLLPROOF_TARGET');
  });

  it('fails on a wrong token, a version that cannot be, a lab that is not there, or one that dies', async () => {
    let deploys = 0;
    deploy = async () => {
      deploys++;
    };
    expect(await run({ ROLLPROOF_LAB_TOKEN: 'sesam' })).toBe(1);
    expect(lines.at(-1)).toBe('rollproof lab deploy: the control token is missing or wrong');
    expect(await run({ ROLLPROOF_VERSION: 'v\n2' })).toBe(1);
    expect(lines.at(-1)).toMatch(/printable ASCII/);
    expect(deploys).toBe(0);
    const dying = createServer((_request, response) => {
      response.write('{"kind":"mark","mark":{"what":"stopping","target":"s-1","monotonicNs":"1"}}\n', () =>
        response.destroy(),
      );
    });
    await new Promise<void>((resolve) => dying.listen(0, '127.0.0.1', resolve));
    const gone = `http://127.0.0.1:${(dying.address() as AddressInfo).port}`;
    expect(await run({ ROLLPROOF_LAB_CONTROL: gone })).toBe(1);
    expect(readFileSync(marks(), 'utf8')).toContain('"stopping"');
    await new Promise((resolve) => dying.close(resolve));
    expect(await run({ ROLLPROOF_LAB_CONTROL: gone })).toBe(1);
    expect(lines.at(-1)).toMatch(/cannot be reached: .*ECONNREFUSED/);
  });
});

describe('the control itself', () => {
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${control.url}${path}`, { headers: { authorization: 'Bearer sesame' }, ...init });

  it('tells its state to holders of the token only', async () => {
    expect(await (await ask('/state')).json()).toEqual({ a: 1 });
    expect((await ask('/state', { headers: {} })).status).toBe(401);
    expect((await ask('/nope')).status).toBe(404);
  });

  it.each(['', 'null', '{}', '{"target":"s-1"}', '{"target":1,"version":"v"}', `{"x":"${'x'.repeat(70_000)}"}`])(
    'refuses the order %.30s',
    async (body) => {
      expect((await ask('/deploy', { method: 'POST', body })).status).toBe(400);
    },
  );
});
