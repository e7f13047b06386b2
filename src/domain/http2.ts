/** RFC 9113 §7: the error codes of RST_STREAM and GOAWAY, by their number. */
const ERROR_NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const;

/** Error codes of streams that HTTP/2 itself ended, whatever stands behind them. */
export const HTTP2_CUT = /^ROLLPROOF_H2_(RST|GOAWAY)_/;

/** Error code of a stream that was reset. */
export function resetCode(number: number): string {
  return `ROLLPROOF_H2_RST_${ERROR_NAMES[number] ?? 'OTHER'}`;
}

/** Error code of a stream that ended with its connection's GOAWAY. */
export function goawayCode(number: number): string {
  return `ROLLPROOF_H2_GOAWAY_${ERROR_NAMES[number] ?? 'OTHER'}`;
}
