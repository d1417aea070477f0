// Who is on a connection: judged against the present trust, not the one of the moment of its handshake.
import { X509Certificate } from 'node:crypto'
import type { AuthContext } from '@grpc/grpc-js/build/src/auth-context.js'
import { MeshError } from '../contracts/errors.ts'
import { parseSpiffeId } from '../contracts/ids.ts'
import type { Authority } from './authority.ts'

export interface Peer {
  spiffeId: string
  namespace: string
  agent: string
  proxyId: string
  serial: string
  issuerId: string
  notAfter: Date
}

export interface Peers extends Disposable {
  /** The peer of a call. Throws `unauthenticated` without a valid certificate of this mesh, `forbidden` for a revoked one. */
  authenticate(call: { getAuthContext(): AuthContext }): Peer
  /** Calls `end` once with a sentence when the peer's certificate expires, is revoked or loses its issuer. Returns the way to stop. */
  untilInvalid(peer: Peer, end: (why: string) => void): () => void
}

const TIMER_MS_MAX = 2 ** 31 - 1

export function watchPeers(authority: Authority): Peers {
  const watched = new Map<Peer, (why: string) => void>()
  const judge = (peer: Pick<Peer, 'serial' | 'issuerId'>): string | null => {
    if (authority.trust.revokedSerials.has(peer.serial)) return `the certificate ${peer.serial} was revoked`
    if (!authority.trust.accepted.some((ca) => ca.id === peer.issuerId)) return `the issuer of the certificate ${peer.serial} is no longer trusted`
    return null
  }
  const stop = authority.onChange(() => {
    for (const [peer, end] of [...watched]) {
      const why = judge(peer)
      if (why) end(why)
    }
  })

  return {
    authenticate(call) {
      const raw = call.getAuthContext().sslPeerCertificate?.raw
      if (!raw) throw new MeshError('unauthenticated', 'this needs a client certificate of the mesh')
      const peer = readPeer(new X509Certificate(raw), authority)
      const why = judge(peer)
      if (why) throw new MeshError('forbidden', why)
      return peer
    },
    untilInvalid(peer, end) {
      const forget = () => {
        clearTimeout(timer)
        watched.delete(peer)
      }
      const once = (why: string) => {
        forget()
        end(why)
      }
      const timer = setTimeout(() => once(`the certificate ${peer.serial} expired`), Math.min(Math.max(peer.notAfter.getTime() - Date.now(), 0), TIMER_MS_MAX))
      watched.set(peer, once)
      return forget
    },
    [Symbol.dispose]: stop,
  }
}

/** Throws `unauthenticated` for a leaf of a stranger, out of its time, or that names no agent of this mesh. */
export function readPeer(leaf: X509Certificate, authority: Pick<Authority, 'trust' | 'trustDomain'>): Peer {
  const issuer = authority.trust.accepted.find((ca) => leaf.checkIssued(ca.certificate) && leaf.verify(ca.certificate.publicKey))
  if (!issuer) throw new MeshError('unauthenticated', 'the client certificate is not of an issuer that this mesh trusts')
  const now = Date.now()
  if (leaf.validToDate.getTime() <= now) throw new MeshError('unauthenticated', `the client certificate expired at ${leaf.validToDate.toISOString()}`)
  if (leaf.validFromDate.getTime() > now) throw new MeshError('unauthenticated', `the client certificate is valid only from ${leaf.validFromDate.toISOString()}; compare the clocks`)
  const uri = /^URI:(spiffe:\/\/[^,\s]+)$/.exec(leaf.subjectAltName ?? '')?.[1]
  const id = uri ? parseSpiffeId(uri) : null
  const proxyId = /^UID=(.+)$/m.exec(leaf.subject)?.[1]
  if (!uri || !id || !proxyId || id.trustDomain !== authority.trustDomain) throw new MeshError('unauthenticated', `the client certificate names no agent of ${authority.trustDomain}`)
  return { spiffeId: uri, namespace: id.namespace, agent: id.agent, proxyId, serial: leaf.serialNumber.toLowerCase(), issuerId: issuer.id, notAfter: leaf.validToDate }
}
