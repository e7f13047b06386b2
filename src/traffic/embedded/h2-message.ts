import type { OutgoingHttpHeaders } from 'node:http2';

/** A request as HTTP/2 takes it. */
export interface H2Message {
  readonly headers: OutgoingHttpHeaders;
  /** Null = the head is all of it. */
  readonly body: Buffer | null;
}

/**
 * The request that `text` is in HTTP/1.1 (see RequestTemplate.render, as latin1), for HTTP/2: one way to render requests
 * serves all lanes. Names in lower case, Host as `:authority`.
 */
export function h2Message(text: string): H2Message {
  const end = text.indexOf('\r\n\r\n');
  const [start = '', ...lines] = text.slice(0, end).split('\r\n');
  const [method, path] = start.split(' ');
  const headers: OutgoingHttpHeaders = { ':method': method, ':scheme': 'https', ':path': path };
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    headers[name === 'host' ? ':authority' : name] = line.slice(colon + 1).trim();
  }
  const body = text.slice(end + 4);
  return { headers, body: body === '' ? null : Buffer.from(body, 'latin1') };
}
