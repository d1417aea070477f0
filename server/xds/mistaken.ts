// A certificate of the mesh on a stream that claims to be another's proxy: somebody took a key along, or a file was copied. The audit
// names both, once a minute for each pair, and so many pairs a minute at most: whoever does it may do it all day.
import { MeshError, messageOf } from '../contracts/errors.ts'
import { recordAudit } from '../db/audit.ts'
import type { Db } from '../db/client.ts'
import type { StreamPeer } from './ads.ts'

const WINDOW_MS = 60_000
const PAIRS_MAX = 100

/** The proxy of that name, as it enrolled. */
export interface Claimed {
  mesh: string
  id: string
  spiffe_id: string
}

export interface Mistaken {
  /** Throws `forbidden`, with the audit's line on its way, unless the certificate is the claimed proxy's. */
  refuse(claimed: Claimed, peer: StreamPeer): void
}

export function noteMistaken(db: Db, onError: (error: Error) => void): Mistaken {
  const told = new Map<string, number>()
  return {
    refuse(claimed, { spiffeId, serial, proxyId }) {
      const why =
        claimed.spiffe_id !== spiffeId ? `the proxy ${claimed.id} is not ${spiffeId}` : proxyId !== undefined && proxyId !== claimed.id ? `the certificate is of proxy ${proxyId}, not of ${claimed.id}` : null
      if (why === null) return
      const [pair, now] = [JSON.stringify([claimed.mesh, claimed.id, spiffeId, proxyId]), Date.now()]
      for (const [key, at] of told) if (at <= now - WINDOW_MS) told.delete(key)
      if (!told.has(pair) && told.size < PAIRS_MAX) {
        told.set(pair, now)
        const detail = { why, claimed: claimed.spiffe_id, shown: spiffeId, certificateOf: proxyId ?? null, serial }
        recordAudit(db.pool, { mesh: claimed.mesh, actor: spiffeId, action: 'proxy.connect', target: claimed.id, result: 'denied', detail }).catch((error: unknown) => onError(new Error(`the audit lacks a refusal: ${messageOf(error)}`, { cause: error })))
      }
      throw new MeshError('forbidden', why)
    },
  }
}
