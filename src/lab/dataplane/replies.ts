/** Everything that makes a load balancer answer by itself. */
export type ReplyCause =
  | 'no-backend'
  | 'spillover'
  | 'connect-failed'
  | 'connect-timeout'
  | 'backend-closed'
  | 'backend-timeout'
  | 'drained'
  | 'drained-reset'
  | 'bad-response'
  | 'bad-request'
  | 'bad-method'
  | 'client-timeout'
  | 'too-many-forwards';

/** These cut the connection with a reset and are never told. */
export const RESET_CAUSES: ReadonlySet<ReplyCause> = new Set<ReplyCause>(['drained-reset']);

/** After these the connection cannot be trusted to be in step, so it is closed whatever the client wished. */
export const CLOSING_CAUSES: ReadonlySet<ReplyCause> = new Set<ReplyCause>([
  'bad-request',
  'bad-method',
  'client-timeout',
]);

const AT_CAPACITY = '503 Service Unavailable: Back-end server is at capacity';
const CLB_STATUS: Readonly<Record<ReplyCause, string>> = {
  'no-backend': AT_CAPACITY,
  spillover: AT_CAPACITY,
  'connect-failed': AT_CAPACITY,
  'connect-timeout': '504 GATEWAY_TIMEOUT',
  'backend-closed': '504 GATEWAY_TIMEOUT',
  'backend-timeout': '504 GATEWAY_TIMEOUT',
  drained: '504 GATEWAY_TIMEOUT',
  // Never sent (RESET_CAUSES); the entries keep the tables total.
  'drained-reset': '504 GATEWAY_TIMEOUT',
  'bad-response': '502 BAD_GATEWAY',
  'bad-request': '400 BAD_REQUEST',
  'bad-method': '405 METHOD_NOT_ALLOWED',
  'client-timeout': '408 REQUEST_TIMEOUT',
  // Only an ALB counts the addresses; the entry keeps the table total.
  'too-many-forwards': '400 BAD_REQUEST',
};

const ALB_STATUS: Readonly<Record<ReplyCause, string>> = {
  'no-backend': '503 Service Temporarily Unavailable',
  spillover: '503 Service Temporarily Unavailable',
  'connect-failed': '502 Bad Gateway',
  'connect-timeout': '504 Gateway Time-out',
  'backend-closed': '502 Bad Gateway',
  'backend-timeout': '504 Gateway Time-out',
  drained: '502 Bad Gateway',
  'drained-reset': '502 Bad Gateway',
  'bad-response': '502 Bad Gateway',
  'bad-request': '400 Bad Request',
  'bad-method': '405 Not Allowed',
  'client-timeout': '408 Request Time-out',
  'too-many-forwards': '463 ',
};

/** Renders one reply; `close` = the connection ends after it, `headOnly` = the request was HEAD. */
export type ReplyText = (cause: ReplyCause, close: boolean, headOnly: boolean) => string;

/** The replies a load balancer of the given kind makes itself, byte for byte as captured from real ones. */
export function replyTexts(flavour: 'clb' | 'alb' | 'nlb', wallTime: () => Date): ReplyText {
  return flavour !== 'alb' ? clbReply : (cause, close, headOnly) => albReply(cause, close, headOnly, wallTime());
}

function clbReply(cause: ReplyCause, close: boolean): string {
  // A real 408 writes its length without a space; captures of the other replies have one.
  const length = cause === 'client-timeout' ? 'Content-Length:0' : 'Content-Length: 0';
  return `HTTP/1.1 ${CLB_STATUS[cause]}\r\n${length}\r\nConnection: ${close ? 'Close' : 'keep-alive'}\r\n\r\n`;
}

function albReply(cause: ReplyCause, close: boolean, headOnly: boolean, date: Date): string {
  const status = ALB_STATUS[cause];
  const body =
    `<html>\r\n<head><title>${status}</title></head>\r\n<body>\r\n` +
    `<center><h1>${status}</h1></center>\r\n</body>\r\n</html>\r\n`;
  return (
    `HTTP/1.1 ${status}\r\nServer: awselb/2.0\r\nDate: ${date.toUTCString()}\r\nContent-Type: text/html\r\n` +
    `Content-Length: ${body.length}\r\nConnection: ${close ? 'close' : 'keep-alive'}\r\n\r\n${headOnly ? '' : body}`
  );
}
