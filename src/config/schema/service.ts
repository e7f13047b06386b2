import { z } from 'zod';
import { quoted } from '../problem-text.js';
import { readStatusRange } from '../quantity.js';
import { amount, name, optionalText, orOff, pattern, someText, text, textMap } from './fields.js';

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

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

const status = () =>
  z
    .array(statusRange)
    .min(1)
    .prefault(['200-399'])
    .meta({ description: 'Status codes and ranges that count as success, e.g. [200-299, 404].' });
const bodyContains = () =>
  optionalText().meta({ description: 'Text a successful answer must contain, or nothing for no check.' });

/** One of several requests; `{{column}}` stands for a value of the CSV file. */
const requestSchema = z.strictObject({
  name: name('write a short name such as list-items').meta({
    description: 'Short name, shown with its samples and failures.',
    example: 'list-items',
  }),
  weight: amount(0, 1000).prefault(1).meta({ description: 'How often it is drawn, relative to the others.' }),
  method: z
    .union([z.null(), z.enum(METHODS)])
    .prefault(null)
    .meta({ description: 'HTTP method; that of the service if not given.' }),
  path: optionalText().meta({
    description: 'Path and query, where {{column}} becomes a value, URL-encoded; that of the URL if not given.',
    example: '/items?user={{user}}',
  }),
  headers: textMap().prefault({}).meta({
    description: 'Headers beside those of the service, or instead of its; {{column}} becomes a value.',
  }),
  body: optionalText().meta({
    description:
      'Request body as text; {{column}} becomes a value, escaped as the Content-Type of JSON or of a form asks for. That of the service is not used here.',
  }),
  bodyFile: optionalText().meta({
    description: 'File with the request body (UTF-8 text) instead, relative to the file this is written in.',
  }),
  ok: z
    .union([z.null(), z.strictObject({ status: status(), bodyContains: bodyContains() })])
    .prefault(null)
    .meta({ description: 'What counts as a successful answer to this request, if not what service.ok says.' }),
});

const valuesSchema = z.strictObject({
  file: someText('write the name of a CSV file').meta({
    description:
      'CSV file (UTF-8, first line the column names) with a row per request, relative to the file this is written in.',
    example: 'users.csv',
  }),
  order: z.enum(['sequence', 'random']).prefault('sequence').meta({
    description: 'Rows one after the other, again from the first after the last; or drawn at random by traffic.seed.',
  }),
});

/** `service:` what is asked, and what counts as an answer. */
export const serviceSchema = z
  .strictObject({
    url: httpUrl().meta({
      description:
        'Absolute http(s) URL every request goes to. With balancer kind lab, host and port are replaced by the lab.',
      example: 'http://staging.example.com/',
    }),
    method: z.enum(METHODS).prefault('GET').meta({ description: 'HTTP method.' }),
    headers: textMap()
      .prefault({})
      .meta({ description: `Request headers. Secrets: take them from the environment with \${NAME}.` }),
    body: optionalText().meta({ description: 'Request body as text, or nothing.' }),
    bodyFile: optionalText().meta({
      description: 'File with the request body (UTF-8 text) instead, relative to the file this is written in.',
    }),
    ok: z
      .strictObject({ status: status(), bodyContains: bodyContains() })
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
    requests: z.array(requestSchema).max(100).prefault([]).meta({
      description:
        'Several requests instead of the one above, drawn by weight for every arrival of lanes new and reuse (engine embedded). Lane long keeps the one above, on its own path.',
    }),
    values: orOff('off', valuesSchema)
      .prefault('off')
      .meta({ description: 'Values for {{column}} in service.requests, or off.' }),
  })
  .meta({ description: 'The requests, and what counts as success.' });
