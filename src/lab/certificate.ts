import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** A certificate that signs itself, with its key. */
export interface SelfSigned {
  readonly certPem: string;
  readonly keyPem: string;
}

const DAY_MS = 86_400_000;
/** A lab lives for hours; a year keeps any clock on this machine within it. */
const VALID_DAYS = 365;

// DER tags (X.690) and, below, object identifiers as their encoded bytes.
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const SEQUENCE = 0x30;
const SET = 0x31;
const TRUE = Buffer.from([0x01, 0x01, 0xff]);
const ECDSA_SHA256 = der(SEQUENCE, oid('2a8648ce3d040302'));
const COMMON_NAME = oid('550403');
const BASIC_CONSTRAINTS = oid('551d13');
const KEY_USAGE = oid('551d0f');
const EXTENDED_KEY_USAGE = oid('551d25');
const SERVER_AUTH = oid('2b06010505070301');
const ALT_NAME = oid('551d11');

/**
 * A fresh P-256 certificate for the given DNS names and IPv4 addresses, good as its own CA (RFC 5280). Node can sign and
 * read certificates but not make them; the few fields of one are less to look after than a library for all of X.509.
 */
export function selfSignedCertificate(hosts: readonly string[], now: Date): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = publicKey.export({ type: 'spki', format: 'der' });
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from('rollproof lab')))));
  const validity = der(
    SEQUENCE,
    utcTime(new Date(now.getTime() - DAY_MS)),
    utcTime(new Date(now.getTime() + VALID_DAYS * DAY_MS)),
  );
  const alternatives = hosts.map((host) =>
    isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host, 'latin1')),
  );
  const extensions = der(
    SEQUENCE,
    der(SEQUENCE, BASIC_CONSTRAINTS, TRUE, der(OCTET_STRING, der(SEQUENCE, TRUE))),
    // digitalSignature and keyCertSign: bits 0 and 5, two unused.
    der(SEQUENCE, KEY_USAGE, TRUE, der(OCTET_STRING, der(BIT_STRING, Buffer.from([2, 0x84])))),
    der(SEQUENCE, EXTENDED_KEY_USAGE, der(OCTET_STRING, der(SEQUENCE, SERVER_AUTH))),
    der(SEQUENCE, ALT_NAME, der(OCTET_STRING, der(SEQUENCE, ...alternatives))),
  );
  // The serial number must differ between keys: 15 bytes of the key's hash after a leading 1, so that it is positive.
  const serial = Buffer.concat([Buffer.from([1]), createHash('sha256').update(key).digest().subarray(0, 15)]);
  const version3 = der(0xa0, der(INTEGER, Buffer.from([2])));
  const unsigned = der(
    SEQUENCE,
    version3,
    der(INTEGER, serial),
    ECDSA_SHA256,
    name,
    validity,
    name,
    key,
    der(0xa3, extensions),
  );
  const signature = sign('sha256', unsigned, privateKey);
  const certificate = der(SEQUENCE, unsigned, ECDSA_SHA256, der(BIT_STRING, Buffer.from([0]), signature));
  return {
    certPem: `-----BEGIN CERTIFICATE-----\n${lines(certificate)}\n-----END CERTIFICATE-----\n`,
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function oid(hex: string): Buffer {
  return der(OBJECT_ID, Buffer.from(hex, 'hex'));
}

/** Two-digit years, which mean 1950 to 2049. */
function utcTime(date: Date): Buffer {
  return der(UTC_TIME, Buffer.from(`${date.toISOString().replace(/\D/g, '').slice(2, 14)}Z`));
}

function lines(bytes: Buffer): string {
  return (bytes.toString('base64').match(/.{1,64}/g) ?? []).join('\n');
}
