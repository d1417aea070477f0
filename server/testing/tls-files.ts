// A self-signed certificate for `localhost` and this machine's loopback, as files.
import 'reflect-metadata'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import { exportKeyPem, makeKeys } from '../identity/certificate.ts'

export interface TestTls extends AsyncDisposable {
  cert: string
  key: string
  pem: string
}

export async function makeTlsFiles(lifeMs = 3_600_000): Promise<TestTls> {
  const keys = await makeKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    keys,
    notBefore: new Date(Date.now() - 120_000),
    notAfter: new Date(Date.now() + lifeMs),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true), new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }, { type: 'ip', value: '127.0.0.1' }])],
  })
  const directory = await mkdtemp(join(tmpdir(), 'heddle-tls-'))
  const files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem'), pem: certificate.toString('pem') }
  await writeFile(files.cert, files.pem)
  await writeFile(files.key, await exportKeyPem(keys.privateKey))
  return { ...files, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) }
}
