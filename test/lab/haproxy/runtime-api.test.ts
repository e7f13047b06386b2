import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { askOver } from '../../../src/lab/haproxy/admin-socket.js';
import { outstandingIn, RuntimeApi } from '../../../src/lab/haproxy/runtime-api.js';
import { NO_SUCH_PROXY, RECORDED, UNKNOWN_COMMAND } from './recorded.js';

const ANSWERS = new Map(RECORDED);

/** Plays the recorded stream; `asked` is what came, in order. */
function recorded() {
  const asked: string[] = [];
  const api = new RuntimeApi(async (line) => {
    asked.push(line);
    return ANSWERS.get(line) ?? UNKNOWN_COMMAND;
  });
  return { asked, api };
}

describe("HAProxy's runtime API", () => {
  it('is told addresses and states, and asked for what is in flight', async () => {
    const { asked, api } = recorded();
    await api.setAddress('t1', '127.0.0.1', 18998);
    await api.setAddress('t1', '127.0.0.2', 18998);
    await api.setState('t1', 'ready');
    await api.setState('t1', 'drain');
    expect([...(await api.outstanding())]).toEqual([
      ['t1', 1],
      ['t2', 0],
    ]);
    await api.cut('t1');
    expect(asked).toEqual([...ANSWERS.keys()].filter((line) => !line.includes('t9')).sort(inOrderOf(asked)));
  });

  it('says what HAProxy answered to a command it did not take', async () => {
    const { api } = recorded();
    await expect(api.setState('t9', 'ready')).rejects.toThrow(
      "'set server targets/t9 state ready' with: No such server.",
    );
    await expect(api.setState('t1', 'maint')).rejects.toThrow('with: Unknown command');
    await expect(api.setAddress('t2', '127.0.0.1', 80)).rejects.toThrow('with: Unknown command');
  });

  it('gives one command at a time, in order, and goes on after one that failed', async () => {
    const waiting: ((answer: string) => void)[] = [];
    const asked: string[] = [];
    const api = new RuntimeApi((line) => {
      asked.push(line);
      return new Promise((resolve) => waiting.push(resolve));
    });
    const results = [api.setState('t1', 'drain'), api.cut('t1'), api.setState('t1', 'ready')];
    const ends = Promise.allSettled(results);
    for (const answer of ['\n', 'No such server.\n\n', '\n']) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(waiting).toHaveLength(1);
      waiting.shift()!(answer);
    }
    expect((await ends).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(asked.map((line) => line.split(' ').slice(-1)[0])).toEqual(['drain', 'targets/t1', 'ready']);
  });

  it('carries no command within a name or an address', async () => {
    const { asked, api } = recorded();
    await expect(api.setState('t1 state ready; shutdown frontend node', 'drain')).rejects.toThrow('not a slot');
    await expect(api.cut('../t1')).rejects.toThrow('not a slot');
    await expect(api.setAddress('t1', '127.0.0.1; help', 1)).rejects.toThrow('not an address');
    await expect(api.setAddress('t1', '127.0.0.1', 1.5)).rejects.toThrow('not an address');
    expect(asked).toEqual([]);
  });

  it.each([NO_SUCH_PROXY, UNKNOWN_COMMAND, '', '# pxname,svname\ntargets,t1\n', '# pxname,svname,scur\ntargets,t1,\n'])(
    'takes nothing else for statistics: %j',
    (answer) => {
      expect(() => outstandingIn(answer)).toThrow("HAProxy's statistics are not as expected");
    },
  );
});

function inOrderOf(asked: readonly string[]) {
  return (a: string, b: string): number => asked.indexOf(a) - asked.indexOf(b);
}

describe('the stats socket', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollproof-api-'));
  let server: Server | undefined;
  afterAll(() => {
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is asked a line per connection; an answer may come in pieces', async () => {
    const path = join(folder, 's');
    server = createServer((socket) => {
      socket.once('data', (line) => {
        const answer = ANSWERS.get(String(line).trim()) ?? UNKNOWN_COMMAND;
        socket.write(answer.slice(0, 100));
        setImmediate(() => socket.end(answer.slice(100)));
      });
    });
    await new Promise<void>((resolve) => server?.listen(path, resolve));
    const api = new RuntimeApi(askOver(path));
    expect((await api.outstanding()).get('t1')).toBe(1);
    await expect(api.setState('t9', 'ready')).rejects.toThrow('No such server');
  });

  it('that nobody listens on is an error with its cause', async () => {
    const api = new RuntimeApi(askOver(join(folder, 'nobody')));
    await expect(api.outstanding()).rejects.toThrow("HAProxy's runtime API: connect ENOENT");
  });
});
