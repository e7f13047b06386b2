import type { IncomingMessage, ServerResponse } from 'node:http';
import { startLoopbackServer } from '../loopback-server.js';
import { requestBody } from '../request-body.js';
import { errorAnswer } from './answer.js';
import { ApiError } from './api-error.js';
import { ApiHandler, type ApiHandlerOptions, type ApiOutcome, MAX_BODY_BYTES } from './handler.js';
import { DEFAULT_SHAPE } from './versions.js';

/** What the endpoint serves, with which faults, and where. */
export interface ApiServerOptions extends ApiHandlerOptions {
  readonly port: number;
}

/** The running endpoint. */
export interface ApiServer {
  readonly port: number;
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Serves the AWS Query APIs on 127.0.0.1; never throws for what a client sends. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const ids = options.random.fork('request-ids');
  const handler = new ApiHandler(options);
  const server = await startLoopbackServer(options.port, {
    onRequest: (request, response) => {
      const requestId = ids.uuid();
      answer(request, requestId, handler).then(
        (outcome) => send(response, outcome, requestId),
        // The client left before its request was whole: nobody to answer.
        () => response.destroy(),
      );
    },
    onMalformed: (socket) => {
      const requestId = ids.uuid();
      const error = new ApiError('MalformedHttpRequest', 'The request is not valid HTTP.');
      const { body } = errorAnswer(error, DEFAULT_SHAPE, requestId);
      socket.end(
        `HTTP/1.1 400 Bad Request\r\nx-amzn-RequestId: ${requestId}\r\nContent-Type: text/xml\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    },
  });
  return { port: server.port, endpoint: `http://127.0.0.1:${server.port}`, close: server.close };
}

async function answer(request: IncomingMessage, requestId: string, handler: ApiHandler): Promise<ApiOutcome> {
  const { method = '', url = '/', headers } = request;
  const body = method === 'POST' ? await requestBody(request, MAX_BODY_BYTES) : '';
  return handler.answer({ method, url, headers, body }, requestId);
}

function send(response: ServerResponse, outcome: ApiOutcome, requestId: string): void {
  if (outcome === 'lost') {
    response.destroy();
    return;
  }
  response.writeHead(outcome.answer.status, {
    'x-amzn-RequestId': requestId,
    'Content-Type': 'text/xml',
    'Content-Length': Buffer.byteLength(outcome.answer.body),
    ...(outcome.close && { Connection: 'close' }),
  });
  response.end(outcome.answer.body);
}
