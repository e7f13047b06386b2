import type { Account } from '../elb/account.js';
import type { KnobRange } from '../knobs.js';
import type { Random } from '../random.js';
import { pause, type Timers } from '../timers.js';
import type { Action } from './action.js';
import { type ApiAnswer, errorAnswer, successAnswer } from './answer.js';
import { ApiError } from './api-error.js';
import { type QueryParams, queryParams } from './query.js';
import { type Credentials, checkSignature, type SignedRequest } from './signature.js';
import { actionOf, DEFAULT_SHAPE, versionOf } from './versions.js';
import type { XmlFields } from './xml.js';

/** Faults the API shows on purpose, and whom it lets in: the lab's knobs. */
export interface ApiFaults extends Credentials {
  readonly apiLatencyMs: KnobRange;
  /** Share of calls refused with Throttling before anything happens. */
  readonly throttleRate: number;
  /** Share of changing calls that take effect while the connection dies instead of the answer. */
  readonly dropAckRate: number;
  /** Share of calls answered 500 InternalFailure before anything happens. */
  readonly apiErrorRate: number;
  /** This many changing calls, the first ones, answer 500 InternalFailure and change nothing. */
  readonly apiErrorCount: number;
}

/** What the API answers for and with which faults. */
export interface ApiHandlerOptions {
  readonly account: Account;
  readonly faults: ApiFaults;
  readonly timers: Timers;
  readonly wallTime: () => Date;
  readonly random: Random;
  /** Told of faults of the lab itself, which answer 500 InternalFailure. */
  readonly onFault: (cause: unknown) => void;
}

/** A request without its socket; `too-large` for a body nobody read to its end. */
export interface ApiRequest extends Omit<SignedRequest, 'body'> {
  readonly body: string | 'too-large';
}

/** What goes back: an answer, or nothing at all when it is to be lost. `close` = the connection is not to be used again. */
export type ApiOutcome = { readonly answer: ApiAnswer; readonly close: boolean } | 'lost';

/** AWS refuses bodies far smaller than this; no request of ours comes near. */
export const MAX_BODY_BYTES = 256 * 1024;

/** The Query API without a socket: any request whatever gets an answer in AWS's shape, and the promise never rejects. */
export class ApiHandler {
  readonly #options: ApiHandlerOptions;
  #errorsLeft: number;

  constructor(options: ApiHandlerOptions) {
    this.#options = options;
    this.#errorsLeft = options.faults.apiErrorCount;
  }

  /** Answers one request; `requestId` is what the answer is known by. */
  async answer(request: ApiRequest, requestId: string): Promise<ApiOutcome> {
    const { faults, random, timers, onFault } = this.#options;
    let shape = DEFAULT_SHAPE;
    try {
      const params = queryParams(requestText(request));
      shape = versionOf(params.get('Version')) ?? DEFAULT_SHAPE;
      await pause(timers, random.between(faults.apiLatencyMs));
      const action = this.#admit(request, params);
      const result: XmlFields = await action.run(params, this.#options.account);
      if (action.changes && random.next() < faults.dropAckRate) return 'lost';
      return { answer: successAnswer(params.get('Action') ?? '', result, shape, requestId), close: false };
    } catch (cause) {
      if (!(cause instanceof ApiError)) onFault(cause);
      const error = cause instanceof ApiError ? cause : internalFailure('The lab failed to process the request.');
      return { answer: errorAnswer(error, shape, requestId), close: request.body === 'too-large' };
    }
  }

  /** The action asked for, when the caller may and no fault strikes before it. */
  #admit(request: ApiRequest, params: QueryParams): Action {
    const { faults, random, wallTime } = this.#options;
    checkSignature(request, faults, wallTime());
    const action = actionOf(params.get('Action'), params.get('Version'));
    if (random.next() < faults.throttleRate) throw new ApiError('Throttling', 'Rate exceeded');
    const failure = 'An internal error occurred (a fault the lab was asked for).';
    if (faults.apiErrorRate > 0 && random.next() < faults.apiErrorRate) throw internalFailure(failure);
    if (action.changes && this.#errorsLeft > 0) {
      this.#errorsLeft--;
      throw internalFailure(failure);
    }
    return action;
  }
}

/** The form body of a POST, the query string of a GET (or of a POST without a body). */
function requestText({ method, url, body }: ApiRequest): string {
  const query = /\?(.*)$/s.exec(url)?.[1] ?? '';
  if (method === 'GET') return query;
  if (method !== 'POST') throw new ApiError('UnsupportedMethod', 'Use POST, or GET with a query string.', 405);
  if (body === 'too-large') {
    throw new ApiError('RequestEntityTooLarge', `The request is larger than ${MAX_BODY_BYTES} bytes.`, 413);
  }
  return body === '' ? query : body;
}

function internalFailure(message: string): ApiError {
  return new ApiError('InternalFailure', message, 500);
}
