// X.509 as SPIFFE wants it: root → issuing (pathlen 0) → SVID. https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md
import 'reflect-metadata'
import { randomBytes } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { MeshError } from '../contracts/errors.ts'
import { authorityId } from './fingerprint.ts'

const KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const

/** userId of RFC 4519: the proxy's id, so that a connection tells its proxy without a look into the store. */
const UID = '0.9.2342.19200300.100.1.1'

/** Clocks differ: what is issued now is already valid on a host that is behind by this much. */
export const BACKDATE_MS = 60_000
/** What lives shorter has run out before it is used. */
const LIFE_MS_MIN = 1000
const DAY_MS = 86_400_000
export const CA_LIFE_MS = { root: 3650 * DAY_MS, issuing: 365 * DAY_MS }

/** A certificate authority with its key in memory. `id` is derived from the certificate, so that whoever has the PEM knows it. */
export interface Signer {
  id: string
  pem: string
  certificate: x509.X509Certificate
  key: CryptoKey
}

export interface MadeAuthority extends Signer {
  /** PKCS #8 PEM; sealed before it leaves this process. */
  keyPem: string
}

export async function makeRoot(trustDomain: string): Promise<MadeAuthority> {
  const keys = await makeKeys()
  return describeAuthority(
    keys,
    await x509.X509CertificateGenerator.createSelfSigned({
      ...caFields(`CN=Heddle root ${shortName()}, O=${trustDomain}`, CA_LIFE_MS.root),
      keys,
      extensions: [...caExtensions(trustDomain, undefined), await x509.SubjectKeyIdentifierExtension.create(keys.publicKey)],
    }),
  )
}

export async function makeIssuing(root: Signer, trustDomain: string): Promise<MadeAuthority> {
  const keys = await makeKeys()
  const fields = caFields(`CN=Heddle issuing ${shortName()}, O=${trustDomain}`, CA_LIFE_MS.issuing)
  return describeAuthority(
    keys,
    await x509.X509CertificateGenerator.create({
      ...fields,
      notAfter: earlier(fields.notAfter, root.certificate.notAfter),
      issuer: root.certificate.subject,
      signingKey: root.key,
      publicKey: keys.publicKey,
      extensions: [...caExtensions(trustDomain, 0), ...(await keyIdentifiers(keys.publicKey, root.certificate))],
    }),
  )
}

/** The leaf: exactly this URI and nothing of what a request may have asked besides its key. Throws `unavailable` when the issuer has run out. */
export async function signSvid(issuer: Signer, options: { spiffeId: string; proxy: string; publicKey: CryptoKey; ttlMs: number }): Promise<x509.X509Certificate> {
  const now = Date.now()
  const end = issuer.certificate.notAfter
  if (end.getTime() < now + LIFE_MS_MIN) throw new MeshError('unavailable', `the issuing certificate ran out at ${end.toISOString()}; rotate it`)
  return x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: `${UID}=${options.proxy}, O=Heddle`,
    issuer: issuer.certificate.subject,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: earlier(new Date(now + options.ttlMs), end),
    signingAlgorithm: SIGNATURE,
    signingKey: issuer.key,
    publicKey: options.publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: options.spiffeId }]),
      ...(await keyIdentifiers(options.publicKey, issuer.certificate)),
    ],
  })
}

/** Puts a stored authority together again. */
export async function loadSigner(pem: string, keyPem: string): Promise<Signer> {
  const certificate = new x509.X509Certificate(pem)
  const key = await crypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(keyPem), KEY, false, ['sign'])
  return { id: authorityId(pem), pem, certificate, key }
}

export async function makeKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(KEY, true, ['sign', 'verify'])
}

export async function exportKeyPem(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')
}

export function trimPem(pem: string): string {
  return `${pem.trim()}\n`
}

async function describeAuthority(keys: CryptoKeyPair, certificate: x509.X509Certificate): Promise<MadeAuthority> {
  const pem = trimPem(certificate.toString('pem'))
  return { id: authorityId(pem), pem, certificate, key: keys.privateKey, keyPem: await exportKeyPem(keys.privateKey) }
}

function caFields(subject: string, lifeMs: number) {
  const now = Date.now()
  return {
    serialNumber: newSerial(),
    subject,
    name: subject,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + lifeMs),
    signingAlgorithm: SIGNATURE,
  }
}

function caExtensions(trustDomain: string, pathLength: number | undefined): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(true, pathLength, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${trustDomain}` }]),
  ]
}

async function keyIdentifiers(publicKey: CryptoKey, issuer: x509.X509Certificate): Promise<x509.Extension[]> {
  return [await x509.SubjectKeyIdentifierExtension.create(publicKey), await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey)]
}

/** 16 bytes, positive and without a leading zero, so that every tool prints the same digits. */
function newSerial(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes.toString('hex')
}

function shortName(): string {
  return randomBytes(4).toString('hex')
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b
}
