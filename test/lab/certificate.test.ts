import { createPublicKey, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { selfSignedCertificate } from '../../src/lab/certificate.js';

test('a certificate for its hosts, signed by its own key, valid from a day before now to a year after', () => {
  const now = new Date('2026-03-01T12:00:00Z');
  const { certPem, keyPem } = selfSignedCertificate(['127.0.0.2', 'localhost', '*.x.lab.invalid'], now);
  const certificate = new X509Certificate(certPem);
  expect(certificate.verify(createPublicKey(keyPem))).toBe(true);
  expect(certificate.ca).toBe(true);
  expect(certificate.subject).toBe('CN=rollproof lab');
  expect(certificate.checkIP('127.0.0.2')).toBe('127.0.0.2');
  expect(certificate.checkIP('127.0.0.3')).toBeUndefined();
  expect(certificate.checkHost('localhost')).toBe('localhost');
  expect(certificate.checkHost('web-1.x.lab.invalid')).toBe('*.x.lab.invalid');
  expect(new Date(certificate.validFrom)).toEqual(new Date('2026-02-28T12:00:00Z'));
  expect(new Date(certificate.validTo)).toEqual(new Date('2027-03-01T12:00:00Z'));
  const other = new X509Certificate(selfSignedCertificate(['localhost'], now).certPem);
  expect(other.serialNumber).not.toBe(certificate.serialNumber);
});
