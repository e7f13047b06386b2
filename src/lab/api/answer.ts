import type { ApiError } from './api-error.js';
import { escapeXml, type XmlFields, xmlElement } from './xml.js';

/** A whole HTTP answer of the API. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

/** A success, as AWS's Query protocol writes it. */
export function successAnswer(action: string, result: XmlFields, namespace: string, requestId: string): ApiAnswer {
  const inner = `${xmlElement(`${action}Result`, result)}${metadata(requestId)}`;
  return { status: 200, body: `<${action}Response xmlns="${namespace}">${inner}</${action}Response>\n` };
}

/** An error, as AWS's Query protocol writes it. */
export function errorAnswer(error: ApiError, namespace: string, requestId: string): ApiAnswer {
  const fields = { Type: error.status < 500 ? 'Sender' : 'Receiver', Code: error.code, Message: error.message };
  const inner = `${xmlElement('Error', fields)}<RequestId>${escapeXml(requestId)}</RequestId>`;
  return { status: error.status, body: `<ErrorResponse xmlns="${namespace}">${inner}</ErrorResponse>\n` };
}

function metadata(requestId: string): string {
  return `<ResponseMetadata><RequestId>${escapeXml(requestId)}</RequestId></ResponseMetadata>`;
}
