// A handshake for every request: what a pooled connection would hide, a rotation that goes wrong shows here.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { exportKeyPem, makeIssuing, makeKeys, makeRoot, signSvid } from '../identity/certificate.ts'
import { HeldIdentity } from '../sidecar/directory.ts'
import type { CallResult } from './load.ts'

interface Shown {
  chainPem: string
  keyPem: string
  bundlePem: string
}

interface Door {
  port: number
  spiffeId: string
  host: string
}

/** One request over a new mTLS connection with the identity that `from` holds at this moment, to an inbound listener. */
export function callWithHandshake(from: { dir: string }, to: Door): Promise<Pick<CallResult, 'status' | 'error'>> {
  return callShowing(HeldIdentity.parse(JSON.parse(readFileSync(join(from.dir, 'identity.json'), 'utf8'))), to)
}

/** The same with a certificate that need not be of the mesh. */
export function callShowing({ chainPem, keyPem, bundlePem }: Shown, to: Door): Promise<Pick<CallResult, 'status' | 'error'>> {
  return new Promise((resolve) => {
    const socket = connect({
      host: '127.0.0.1',
      port: to.port,
      servername: to.host,
      ALPNProtocols: ['http/1.1'],
      key: keyPem,
      cert: chainPem,
      ca: bundlePem,
      checkServerIdentity: (_, peer) => (peer.subjectaltname === `URI:${to.spiffeId}` ? undefined : new Error(`the peer is ${peer.subjectaltname}`)),
      timeout: 10_000,
    })
    let text = ''
    const done = (error: string | null) => {
      socket.destroy()
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), error })
    }
    socket.once('secureConnect', () => socket.write(`GET / HTTP/1.1\r\nhost: ${to.host}\r\nconnection: close\r\n\r\n`))
    socket.on('data', (part: Buffer) => (text += part.toString('latin1')))
    socket.once('end', () => done(null))
    socket.once('error', (error) => done(error.message))
    socket.once('timeout', () => done('no answer in time'))
  })
}

/** A certificate of an authority that the mesh knows nothing of, which says of itself what it likes. */
export async function foreignIdentity(authorityDomain: string, spiffeId: string, bundlePem: string): Promise<Shown> {
  const issuing = await makeIssuing(await makeRoot(authorityDomain), authorityDomain)
  const keys = await makeKeys()
  const leaf = await signSvid(issuing, { spiffeId, proxy: 'foreign', publicKey: keys.publicKey, ttlMs: 3_600_000 })
  return { chainPem: `${leaf.toString('pem')}\n${issuing.pem}`, keyPem: await exportKeyPem(keys.privateKey), bundlePem }
}
