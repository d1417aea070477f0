import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { exportKeyPem, makeKeys } from '../identity/certificate.ts'

export interface SelfSigned {
  /** PEM, as the key is. */
  certificate: string
  key: string
}

/** A certificate for `localhost` and 127.0.0.1, which is its own authority; a negative life has ended. */
export async function selfSigned(lifeMs = 3_600_000): Promise<SelfSigned> {
  const keys = await makeKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    keys,
    notBefore: new Date(Date.now() - 120_000),
    notAfter: new Date(Date.now() + lifeMs),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true), new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }, { type: 'ip', value: '127.0.0.1' }])],
  })
  return { certificate: certificate.toString('pem'), key: await exportKeyPem(keys.privateKey) }
}
