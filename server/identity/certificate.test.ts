import 'reflect-metadata'
import { X509Certificate } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { expect, test } from 'vitest'
import { exportKeyPem, loadSigner, makeIssuing, makeKeys, makeRoot, signSvid } from './certificate.ts'
import { readCsrKey } from './csr.ts'
import { openSecretBox } from './secret-box.ts'

const TRUST_DOMAIN = 'weave.test'
const SPIFFE_ID = `spiffe://${TRUST_DOMAIN}/ns/default/agent/loom`
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' }

async function greedyCsr(keys: CryptoKeyPair): Promise<string> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=root',
    keys,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, 3, true),
      new x509.SubjectAlternativeNameExtension([
        { type: 'url', value: `spiffe://${TRUST_DOMAIN}/ns/default/agent/other` },
        { type: 'dns', value: 'control.weave.test' },
      ]),
    ],
  })
  return request.toString('pem')
}

test('whatever a request asks for, the leaf says only what its agent is entitled to', async () => {
  const root = await makeRoot(TRUST_DOMAIN)
  const issuer = await makeIssuing(root, TRUST_DOMAIN)
  const keys = await makeKeys()
  const publicKey = await readCsrKey(await greedyCsr(keys))
  const leaf = new X509Certificate((await signSvid(issuer, { spiffeId: SPIFFE_ID, proxy: 'loom-1', publicKey, ttlMs: 60_000 })).toString('pem'))

  expect(leaf.subjectAltName).toBe(`URI:${SPIFFE_ID}`)
  expect(leaf.subject).toContain('UID=loom-1')
  expect(leaf.ca).toBe(false)
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
  expect(leaf.validToDate.getTime() - Date.now()).toBeLessThanOrEqual(60_000)
  expect(leaf.validFromDate.getTime()).toBeLessThanOrEqual(Date.now() - 59_000)
  expect(leaf.verify(new X509Certificate(issuer.pem).publicKey)).toBe(true)
  expect(new X509Certificate(issuer.pem).verify(new X509Certificate(root.pem).publicKey)).toBe(true)
  expect(issuer.certificate.getExtension(x509.BasicConstraintsExtension)).toMatchObject({ ca: true, pathLength: 0 })
})

test('a leaf never outlives its issuer', async () => {
  const issuer = await makeIssuing(await makeRoot(TRUST_DOMAIN), TRUST_DOMAIN)
  const { publicKey } = await makeKeys()
  const leaf = await signSvid(issuer, { spiffeId: SPIFFE_ID, proxy: 'loom-1', publicKey, ttlMs: 100 * 365 * 86_400_000 })
  expect(leaf.notAfter).toEqual(issuer.certificate.notAfter)
})

test('a request signed by another key than its own is refused', async () => {
  const mine = await makeKeys()
  const stolen = await makeKeys()
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    keys: { privateKey: mine.privateKey, publicKey: stolen.publicKey },
    signingAlgorithm: SIGNING,
  })
  await expect(readCsrKey(csr.toString('pem'))).rejects.toThrow('not signed by its own key')
})

test.each<[string, RsaHashedKeyGenParams | EcKeyGenParams]>([
  ['RSA', { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }],
  ['another curve', { name: 'ECDSA', namedCurve: 'P-384' }],
])('a key of %s is refused', async (_, algorithm) => {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm: { ...algorithm, hash: 'SHA-256' } })
  await expect(readCsrKey(csr.toString('pem'))).rejects.toThrow('another key than ECDSA P-256')
})

test.each([['not a request', 'hello'], ['a certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----']])('%s is refused', async (_, pem) => {
  await expect(readCsrKey(pem)).rejects.toThrow('not PKCS #10')
})

test('a sealed key opens under its own secret and for its own certificate alone', async () => {
  const box = openSecretBox(Buffer.alloc(32, 1).toString('base64'))
  const other = openSecretBox(Buffer.alloc(32, 2).toString('base64'))
  const root = await makeRoot(TRUST_DOMAIN)
  const sealed = box.seal(root.keyPem, root.id)
  expect(sealed.includes('PRIVATE KEY')).toBe(false)
  expect((await loadSigner(root.pem, box.open(sealed, root.id))).id).toBe(root.id)
  expect(other.keyId).not.toBe(box.keyId)
  expect(() => other.open(sealed, root.id)).toThrow('does not open')
  expect(() => box.open(sealed, 'another')).toThrow('does not open')
  expect(() => openSecretBox('short')).toThrow('32 bytes')
  expect(await exportKeyPem((await makeKeys()).privateKey)).toContain('PRIVATE KEY')
})
