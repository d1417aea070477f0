// A handshake for every request: what a pooled connection would hide, a rotation that goes wrong shows here.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { HeldIdentity } from '../sidecar/directory.ts'
import type { CallResult } from './load.ts'

/** One request over a new mTLS connection with the identity that `from` holds at this moment, to an inbound listener. */
export function callWithHandshake(from: { dir: string }, to: { port: number; spiffeId: string; host: string }): Promise<Pick<CallResult, 'status' | 'error'>> {
  const { chainPem, keyPem, bundlePem } = HeldIdentity.parse(JSON.parse(readFileSync(join(from.dir, 'identity.json'), 'utf8')))
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
