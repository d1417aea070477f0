// Before it has an identity a sidecar knows one thing of control: the hash of its root, in the join token.
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { connect, type DetailedPeerCertificate } from 'node:tls'
import { messageOf, MeshError } from '../contracts/errors.ts'

const TIMEOUT_MS = 5000

export interface FirstContact {
  /** The root whose hash the token carries: everything after this connection is verified against it. */
  rootPem: string
  /** Of this host, as the way to control sees it; peers reach the inbound listener there. */
  localAddress: string
}

/** Reads the chain that control presents and takes the root out of it that the token names. Throws `forbidden` for a control of another root. */
export async function findPinnedRoot(control: string, joinToken: string): Promise<FirstContact> {
  const caHash = joinToken.split('_').at(-1) ?? ''
  const { chain, localAddress } = await readChain(control)
  const root = chain.find((certificate) => createHash('sha256').update(certificate.raw).digest('hex') === caHash)
  if (!root)
    throw new MeshError('forbidden', `the control at ${control} has another root certificate than the join token names; the token is of another mesh, or was made before the root was rotated`)
  const lines = root.raw.toString('base64').match(/.{1,64}/g) ?? []
  return { rootPem: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`, localAddress }
}

/** Nothing is sent on this connection; it is not trusted, only read. */
function readChain(control: string): Promise<{ chain: DetailedPeerCertificate[]; localAddress: string }> {
  const { host, port } = parseAddress(control)
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      socket.destroy()
      reject(new MeshError('unavailable', `cannot reach control at ${control}: ${messageOf(error)}`, { cause: error }))
    }
    const socket = connect({ host, port, ...(isIP(host) ? {} : { servername: host }), ALPNProtocols: ['h2'], rejectUnauthorized: false, timeout: TIMEOUT_MS })
    socket.once('error', fail)
    socket.once('timeout', () => fail(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
    socket.once('secureConnect', () => {
      const localAddress = socket.localAddress ?? '127.0.0.1'
      resolve({ chain: walk(socket.getPeerCertificate(true)), localAddress })
      socket.destroy()
    })
  })
}

/** A self-signed root is its own issuer, so the walk ends where a certificate is met again. */
function walk(leaf: DetailedPeerCertificate): DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = []
  for (let next: DetailedPeerCertificate | undefined = leaf; next?.raw && !chain.includes(next); next = next.issuerCertificate) chain.push(next)
  return chain
}

export function parseAddress(address: string): { host: string; port: number } {
  const match = /^\[?([^\]]+?)\]?:(\d+)$/.exec(address)
  if (!match) throw new MeshError('invalid', `“${address}” is not HOST:PORT`)
  return { host: match[1] ?? '', port: Number(match[2]) } // both groups are present on a match
}
