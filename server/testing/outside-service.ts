// Somebody else's HTTPS service, under an authority of its own.
import 'reflect-metadata'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingHttpHeaders, RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import * as x509 from '@peculiar/x509'
import { exportKeyPem, makeKeys } from '../identity/certificate.ts'

export interface OutsideService extends AsyncDisposable {
  port: number
  /** The authority's certificate, as a file and as PEM. */
  caFile: string
  ca: string
  /** A folder for what a test puts beside it. */
  directory: string
  received: { host: string; path: string; serverName: string | false | null; headers: IncomingHttpHeaders }[]
}

const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' }
const life = () => ({ notBefore: new Date(Date.now() - 120_000), notAfter: new Date(Date.now() + 3_600_000) })

/** Listens on loopback; its certificate is for `hosts` alone. */
export async function startOutsideService(hosts: readonly string[], answer?: RequestListener): Promise<OutsideService> {
  const [authorityKeys, keys] = [await makeKeys(), await makeKeys()]
  const authority = await x509.X509CertificateGenerator.createSelfSigned({ name: 'CN=somebody else', keys: authorityKeys, ...life(), signingAlgorithm: SIGNATURE, extensions: [new x509.BasicConstraintsExtension(true, undefined, true)] })
  const leaf = await x509.X509CertificateGenerator.create({ subject: 'CN=outside', issuer: authority.subject, ...life(), signingAlgorithm: SIGNATURE, signingKey: authorityKeys.privateKey, publicKey: keys.publicKey, extensions: [new x509.SubjectAlternativeNameExtension(hosts.map((value) => ({ type: 'dns' as const, value })))] })
  const directory = await mkdtemp(join(tmpdir(), 'heddle-outside-'))
  const caFile = join(directory, 'ca.pem')
  const ca = authority.toString('pem')
  await writeFile(caFile, ca)
  const received: OutsideService['received'] = []
  const server = createServer({ cert: leaf.toString('pem'), key: await exportKeyPem(keys.privateKey) }, (request, response) => {
    const { servername = null } = request.socket as TLSSocket & { servername?: string | false } // an https server's sockets are TLS
    received.push({ host: request.headers.host ?? '', path: request.url ?? '', serverName: servername, headers: request.headers })
    if (answer) answer(request, response)
    else response.end('outside')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as AddressInfo).port, // a TCP server's address is never a string
    caFile,
    ca,
    directory,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      await rm(directory, { recursive: true, force: true })
    },
  }
}
