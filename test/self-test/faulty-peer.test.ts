import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type FaultyPeer, faultyPeer } from '../../src/self-test/faulty-peer.js';

let peer: FaultyPeer | null = null;
afterEach(() => peer?.close());

/** What comes back for one request on a connection of its own, until the peer closes. */
async function answerTo(port: number, header: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('latin1');
  });
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${header}\r\n\r\n`);
  await once(socket, 'close');
  return text;
}

describe('faultyPeer', () => {
  it('breaks every second request, and neither breaks nor counts what is asked again', async () => {
    peer = await faultyPeer(10);
    const { port, injected } = peer;
    await peer.become('truncated');
    const again = [await answerTo(port, 'X-Rollproof-Again: 1'), await answerTo(port, 'x-rollproof-again: 2')];
    expect(again.every((text) => text.endsWith('\r\n\r\nok'))).toBe(true);
    expect(injected.truncated).toBe(0);
    const first = await answerTo(port, 'X-Rollproof-Seq: 1');
    await answerTo(port, 'X-Rollproof-Again: 3');
    const second = await answerTo(port, 'X-Rollproof-Seq: 2');
    expect(first).toMatch(/\r\n\r\nok$/);
    expect(second).not.toMatch(/\r\n\r\nok$/);
    expect([injected.truncated, peer.resent]).toEqual([1, 0]);
  });
});
