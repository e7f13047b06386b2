import type { ApiVersion } from './action.js';
import type { ApiError } from './api-error.js';
import { escapeXml, type XmlFields, xmlContent, xmlElement } from './xml.js';

/** A whole HTTP answer of the API. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

/** The part of an API version that shapes its answers. */
export type AnswerShape = Pick<ApiVersion, 'dialect' | 'namespace'>;

/** A success, as AWS's Query protocol (or EC2's dialect of it) writes it. */
export function successAnswer(action: string, result: XmlFields, shape: AnswerShape, requestId: string): ApiAnswer {
  const inner =
    shape.dialect === 'ec2'
      ? `${xmlElement('requestId', requestId)}${xmlContent(result, 'item')}`
      : `${xmlElement(`${action}Result`, result)}${metadata(requestId)}`;
  return { status: 200, body: `<${action}Response xmlns="${shape.namespace}">${inner}</${action}Response>\n` };
}

/** An error, as AWS's Query protocol (or EC2's dialect of it) writes it. */
export function errorAnswer(error: ApiError, shape: AnswerShape, requestId: string): ApiAnswer {
  const id = escapeXml(requestId);
  if (shape.dialect === 'ec2') {
    const errors = xmlElement('Errors', { Error: { Code: error.code, Message: error.message } });
    return { status: error.status, body: `<Response>${errors}<RequestID>${id}</RequestID></Response>\n` };
  }
  const fields = { Type: error.status < 500 ? 'Sender' : 'Receiver', Code: error.code, Message: error.message };
  const inner = `${xmlElement('Error', fields)}<RequestId>${id}</RequestId>`;
  return { status: error.status, body: `<ErrorResponse xmlns="${shape.namespace}">${inner}</ErrorResponse>\n` };
}

function metadata(requestId: string): string {
  return `<ResponseMetadata><RequestId>${escapeXml(requestId)}</RequestId></ResponseMetadata>`;
}
