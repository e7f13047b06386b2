import { z } from 'zod';
import { quoted } from '../problem-text.js';
import { readStatusRange } from '../quantity.js';
import { optionalText, pattern, text, textMap } from './fields.js';

/** RFC 9110 token: what a header name may consist of. */
export const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const headerName = (fallback: string) =>
  pattern(HEADER_NAME, 'a header name', `write a header name such as ${fallback}`).prefault(fallback);

const statusRange = z.union([z.string(), z.number()]).transform((value, ctx) => {
  const result = readStatusRange(String(value));
  if (result.ok) return result.value;
  ctx.issues.push({ code: 'custom', message: result.message, params: { hint: result.hint }, input: value });
  return z.NEVER;
});

/** The absolute URL of the requests; http or https, nothing secret in it. */
export const httpUrl = () =>
  text().transform((value, ctx) => {
    const wrong = urlFault(value);
    if (wrong === null) return value;
    ctx.issues.push({ code: 'custom', message: wrong.message, params: { hint: wrong.hint }, input: value });
    return z.NEVER;
  });

/** A URL or nothing; empty text and null are nothing. */
export const optionalUrl = () =>
  z
    .union([z.null(), z.literal(''), httpUrl()])
    .transform((value) => (value === '' ? null : value))
    .prefault(null);

function urlFault(value: string): { readonly message: string; readonly hint: string } | null {
  const hint = 'write a whole URL such as http://my-service.example.com/health';
  if (value.trim() === '') return { message: 'is empty', hint };
  if (!URL.canParse(value)) return { message: `${quoted(value.replace(/\/\/[^/@]*@/, '//***@'))} is not a URL`, hint };
  const url = new URL(value);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return { message: `${quoted(url.protocol.slice(0, -1))} is not http or https`, hint };
  }
  if (url.username !== '' || url.password !== '') {
    return {
      message: 'a user name or password does not belong in a URL',
      hint: `send it as a header: authorization: "Basic \${BASIC_AUTH}"`,
    };
  }
  if (url.hash !== '')
    return { message: `the part from # on (${quoted(url.hash)}) is never sent to a server`, hint: 'remove it' };
  // The URL reader drops these silently; what is sent should be what is written.
  if (/[\s\\]/.test(value)) return { message: 'has white space or a backslash in it', hint: 'write %20 for a space' };
  return null;
}

/** `service:` what is asked, and what counts as an answer. */
export const serviceSchema = z
  .strictObject({
    url: httpUrl().meta({
      description:
        'Absolute http(s) URL every request goes to. With balancer kind lab, host and port are replaced by the lab.',
      example: 'http://staging.example.com/',
    }),
    method: z
      .enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      .prefault('GET')
      .meta({ description: 'HTTP method.' }),
    headers: textMap()
      .prefault({})
      .meta({ description: `Request headers. Secrets: take them from the environment with \${NAME}.` }),
    body: optionalText().meta({ description: 'Request body as text, or nothing.' }),
    ok: z
      .strictObject({
        status: z
          .array(statusRange)
          .min(1)
          .prefault(['200-399'])
          .meta({ description: 'Status codes and ranges that count as success, e.g. [200-299, 404].' }),
        bodyContains: optionalText().meta({
          description: 'Text a successful answer must contain, or nothing for no check.',
        }),
      })
      .prefault({})
      .meta({ description: 'What counts as a successful answer; everything else is a failed request.' }),
    identity: z
      .strictObject({
        target: headerName('X-Target').meta({ description: 'Response header that names the target that answered.' }),
        version: headerName('X-Version').meta({ description: 'Response header with the version that answered.' }),
        bootId: z
          .union([
            z.literal('off'),
            z.null(),
            pattern(HEADER_NAME, 'a header name', 'write a header name such as X-Boot-Id, or off'),
          ])
          .transform((value) => (value === 'off' ? null : value))
          .prefault('X-Boot-Id')
          .meta({ description: 'Response header that changes with every start of the process, or off.' }),
      })
      .prefault({})
      .meta({ description: 'Response headers that say who answered: without them no replacement can be proven.' }),
  })
  .meta({ description: 'The requests, and what counts as success.' });
