import { request } from 'node:http';
import { createServer } from 'node:net';

/** k6's status API: starts a test that was begun with --paused, so that all processes fire from the same moment. */
export interface K6Status {
  /** 4 = waiting to be started, 7 = running (k6 lib/execution.go). */
  readonly status: number;
  readonly running: boolean;
}

export const PAUSED_BEFORE_RUN = 4;
const PATIENCE_MS = 5000;

/** The status, or null while the API does not answer yet. */
export async function k6Status(port: number): Promise<K6Status | null> {
  try {
    const answer = JSON.parse(await ask(port, 'GET', null)) as { data?: { attributes?: Partial<K6Status> } };
    const attributes = answer.data?.attributes;
    return typeof attributes?.status === 'number'
      ? { status: attributes.status, running: attributes.running === true }
      : null;
  } catch (notUpYet) {
    void notUpYet;
    return null;
  }
}

/** Lets a waiting test go. Rejects when k6 refuses. */
export async function unpause(port: number): Promise<void> {
  const attributes = { paused: false };
  await ask(port, 'PATCH', JSON.stringify({ data: { type: 'status', id: 'default', attributes } }));
}

/** A port nobody listens on right now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function ask(port: number, method: 'GET' | 'PATCH', body: string | null): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = body === null ? {} : { 'content-type': 'application/json' };
    const call = request({ host: '127.0.0.1', port, path: '/v1/status', method, headers, agent: false }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.once('error', reject);
      answer.once('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        if (answer.statusCode === 200) resolve(text);
        else reject(new Error(`k6 answered ${answer.statusCode}: ${text.slice(0, 200)}`));
      });
    });
    call.setTimeout(PATIENCE_MS, () => call.destroy(new Error('k6 does not answer')));
    call.once('error', reject);
    call.end(body ?? undefined);
  });
}
