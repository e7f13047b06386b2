import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Account } from '../elb/account.js';
import type { KnobRange } from '../knobs.js';
import { startLoopbackServer } from '../loopback-server.js';
import type { Random } from '../random.js';
import { requestBody } from '../request-body.js';
import { pause, type Timers } from '../timers.js';
import { type ApiAnswer, errorAnswer, successAnswer } from './answer.js';
import { ApiError } from './api-error.js';
import { type QueryParams, queryParams } from './query.js';
import { API_VERSIONS, actionOf, DEFAULT_NAMESPACE } from './versions.js';

/** AWS refuses bodies far smaller than this; no request of ours comes near. */
const MAX_BODY_BYTES = 256 * 1024;

/** Faults the API shows on purpose. */
export interface ApiFaults {
  readonly apiLatencyMs: KnobRange;
  /** Share of calls refused with Throttling before anything happens. */
  readonly throttleRate: number;
  /** Share of changing calls that take effect while the connection dies instead of the answer. */
  readonly dropAckRate: number;
}

/** What the endpoint serves and with which faults. */
export interface ApiServerOptions {
  readonly account: Account;
  readonly faults: ApiFaults;
  readonly port: number;
  readonly timers: Timers;
  readonly random: Random;
  /** Told of faults of the lab itself, which answer 500 InternalFailure. */
  readonly onFault: (cause: unknown) => void;
}

/** The running endpoint. */
export interface ApiServer {
  readonly port: number;
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Serves the Elastic Load Balancing Query API on 127.0.0.1; never throws for what a client sends. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const ids = options.random.fork('request-ids');
  const server = await startLoopbackServer(options.port, {
    onRequest: (request, response) => {
      const requestId = ids.uuid();
      answer(request, requestId, options).then(
        (result) => send(response, result, requestId),
        // The client left before its request was whole: nobody to answer.
        () => response.destroy(),
      );
    },
    onMalformed: (socket) => {
      const requestId = ids.uuid();
      const error = new ApiError('MalformedHttpRequest', 'The request is not valid HTTP.');
      const { body } = errorAnswer(error, DEFAULT_NAMESPACE, requestId);
      socket.end(
        `HTTP/1.1 400 Bad Request\r\nx-amzn-RequestId: ${requestId}\r\nContent-Type: text/xml\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    },
  });
  return { port: server.port, endpoint: `http://127.0.0.1:${server.port}`, close: server.close };
}

/** What goes back: an answer, or nothing at all when it is to be lost. */
type Outcome = { readonly answer: ApiAnswer; readonly close: boolean } | 'lost';

async function answer(request: IncomingMessage, requestId: string, options: ApiServerOptions): Promise<Outcome> {
  const text = await requestText(request);
  if (text instanceof ApiError) return { answer: errorAnswer(text, DEFAULT_NAMESPACE, requestId), close: true };
  const params = queryParams(text);
  const namespace = API_VERSIONS[params.get('Version') ?? '']?.namespace ?? DEFAULT_NAMESPACE;
  const { faults, random, timers } = options;
  await pause(timers, random.between(faults.apiLatencyMs));
  try {
    const outcome = await perform(params, options);
    if (outcome.changes && random.next() < faults.dropAckRate) return 'lost';
    const name = params.get('Action') ?? '';
    return { answer: successAnswer(name, outcome.result, namespace, requestId), close: false };
  } catch (cause) {
    if (!(cause instanceof ApiError)) options.onFault(cause);
    const error =
      cause instanceof ApiError
        ? cause
        : new ApiError('InternalFailure', 'The lab failed to process the request.', 500);
    return { answer: errorAnswer(error, namespace, requestId), close: false };
  }
}

async function perform(
  params: QueryParams,
  options: ApiServerOptions,
): Promise<{ result: Parameters<typeof successAnswer>[1]; changes: boolean }> {
  const action = actionOf(params.get('Action'), params.get('Version'));
  if (options.random.next() < options.faults.throttleRate) throw new ApiError('Throttling', 'Rate exceeded');
  return { result: await action.run(params, options.account), changes: action.changes };
}

/** The form body of a POST, the query string of a GET (or of a POST without a body). */
async function requestText(request: IncomingMessage): Promise<string | ApiError> {
  const query = (request.url ?? '').split('?', 2)[1] ?? '';
  if (request.method === 'GET') return query;
  if (request.method !== 'POST') return new ApiError('UnsupportedMethod', 'Use POST, or GET with a query string.', 405);
  const body = await requestBody(request, MAX_BODY_BYTES);
  if (body === 'too-large')
    return new ApiError('RequestEntityTooLarge', `The request is larger than ${MAX_BODY_BYTES} bytes.`, 413);
  return body === '' ? query : body;
}

function send(response: ServerResponse, outcome: Outcome, requestId: string): void {
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
