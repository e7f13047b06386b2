import { bodyCheck } from '../../../src/traffic/embedded/body-check.js';
import { SampleColumns } from '../../../src/traffic/embedded/columns.js';
import { ResponseReader } from '../../../src/traffic/embedded/response.js';
import { headFormat } from '../../../src/traffic/embedded/response-head.js';

/** What a reader made of some bytes, with the dictionary codes turned back into text. */
export function read(
  pieces: readonly (string | Buffer)[],
  options: { headOnly?: boolean; contains?: string; eof?: boolean } = {},
) {
  const { dictionaries } = new SampleColumns(1);
  const head = headFormat({ target: 'X-Target', version: 'x-version', bootId: 'x-boot' }, dictionaries);
  const reader = new ResponseReader(head);
  reader.begin({ body: bodyCheck(options.contains ?? null), headOnly: options.headOnly ?? false });
  let left = 0;
  for (const piece of pieces) {
    const bytes = Buffer.isBuffer(piece) ? piece : Buffer.from(piece, 'latin1');
    left += bytes.length - reader.push(bytes, 0, bytes.length);
  }
  const whole = options.eof === true ? reader.end() : reader.done;
  return {
    state: reader.failed ? 'failed' : whole ? 'done' : reader.inBody ? 'body' : 'head',
    status: reader.status,
    reason: dictionaries.statusText.textOf(reader.statusText),
    server: dictionaries.server.textOf(reader.server),
    target: dictionaries.target.textOf(reader.target),
    version: dictionaries.version.textOf(reader.version),
    bootId: dictionaries.bootId.textOf(reader.bootId),
    bytes: reader.bodyBytes,
    bodyOk: reader.bodyOk,
    keepAlive: reader.keepAlive,
    left,
  };
}
