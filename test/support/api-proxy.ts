import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of one call: an error instead of it, its reply lost after it was done, or nothing. */
export type Fault = { readonly status: number; readonly code: string } | 'lost-reply' | null;

export interface ApiProxy {
  readonly endpoint: string;
  /** The Action of every call, in order. */
  readonly actions: string[];
  /** Decides over each call; `nth` counts the calls of that action from 1. */
  fault: (action: string, nth: number) => Fault;
  close(): void;
}

/** Stands between a program and the lab's AWS API: writes down every call and breaks those it is told to. */
export async function apiProxy(upstream: string): Promise<ApiProxy> {
  const counts = new Map<string, number>();
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const action = new URLSearchParams(body.toString()).get('Action') ?? '';
      proxy.actions.push(action);
      const nth = (counts.get(action) ?? 0) + 1;
      counts.set(action, nth);
      const fault = proxy.fault(action, nth);
      if (fault !== null && fault !== 'lost-reply') {
        const text = `<ErrorResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/"><Error><Type>Sender</Type><Code>${fault.code}</Code><Message>injected</Message></Error><RequestId>r</RequestId></ErrorResponse>`;
        outgoing.writeHead(fault.status, { 'content-type': 'text/xml' }).end(text);
        return;
      }
      const { host: _, connection: __, ...headers } = incoming.headers;
      const onward = request(upstream, { method: incoming.method ?? 'POST', headers, agent: false }, (reply) => {
        if (fault === 'lost-reply') {
          reply.resume().on('end', () => incoming.socket.destroy());
          return;
        }
        outgoing.writeHead(reply.statusCode ?? 500, { 'content-type': reply.headers['content-type'] ?? 'text/xml' });
        reply.pipe(outgoing);
      });
      onward.on('error', () => incoming.socket.destroy());
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: ApiProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    actions: [],
    fault: () => null,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return proxy;
}
