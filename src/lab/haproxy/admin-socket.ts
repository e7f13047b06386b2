import { connect } from 'node:net';
import type { AskHaproxy } from './runtime-api.js';

/** An answer this long is not one of ours. */
const MAX_ANSWER_CHARS = 4_000_000;
const ANSWER_DEADLINE_MS = 5_000;

/** Asks over HAProxy's stats socket, a connection per line: HAProxy ends it after its answer. */
export function askOver(path: string): AskHaproxy {
  return (line) =>
    new Promise((resolve, reject) => {
      const socket = connect(path);
      let answer = '';
      socket.setEncoding('utf8').setTimeout(ANSWER_DEADLINE_MS, () => {
        socket.destroy(new Error(`no answer to '${line}' within ${ANSWER_DEADLINE_MS} ms`));
      });
      socket.on('connect', () => socket.write(`${line}\n`));
      socket.on('data', (chunk: string) => {
        answer += chunk;
        if (answer.length > MAX_ANSWER_CHARS) socket.destroy(new Error(`the answer to '${line}' does not end`));
      });
      socket.on('end', () => resolve(answer));
      socket.on('error', (cause) => reject(new Error(`HAProxy's runtime API: ${cause.message}`, { cause })));
      socket.on('close', () => reject(new Error("HAProxy's runtime API closed without an answer")));
    });
}
