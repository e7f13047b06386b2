import type { IncomingMessage } from 'node:http';

/**
 * A request's body as text, or `too-large` past `maxBytes`: the rest is read and dropped, so that an answer can still
 * be sent. Rejects when the peer goes before the end.
 */
export function requestBody(request: IncomingMessage, maxBytes: number): Promise<string | 'too-large'> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        chunks.length = 0;
        resolve('too-large');
      } else {
        chunks.push(chunk);
      }
    });
    request.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.once('error', reject);
    request.once('close', () => reject(new Error('the client left before its request was whole')));
  });
}
