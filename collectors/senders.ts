// Who sends: the proof is a token. A sidecar's telemetry token ties what it sends to its SPIFFE id.
import { createHash } from 'node:crypto'
import { MeshError } from '#server/contracts/errors.ts'
import { MESH_DEFAULT } from '#server/contracts/ids.ts'
import type { Pool } from '#server/db/pool.ts'
import type { Sender } from './spans/row.ts'

/** A revoked token is refused after this long at the latest. */
const KEEP_MS = 5000
const KNOWN_MAX = 10_000
/** How long a known sender is believed while the store is away, so that a restart of it refuses nobody. */
const KEEP_AWAY_MS = 60_000

export interface Senders {
  /** Null `authorization` is unattested. Throws `unauthenticated` for a token that is unknown, revoked or expired. */
  identify(authorization: string | null): Promise<Sender>
}

export function openSenders(pool: Pool, options: { needCredentials: boolean }): Senders {
  const known = new Map<string, { sender: Sender | null; at: number }>()

  async function lookUp(hash: Buffer): Promise<Sender | null> {
    const { rows } = await pool.query<Sender>(
      `select mesh, spiffe_id as name, proxy from telemetry_token where hash = $1 and revoked_at is null and expires_at > now()
       union all
       select $2, 'token ' || name, null from api_token where hash = $1 and revoked_at is null and (expires_at is null or expires_at > now())
       limit 1`,
      [hash, MESH_DEFAULT],
    )
    return rows[0] ?? null
  }

  return {
    async identify(authorization) {
      if (authorization === null) {
        if (options.needCredentials) throw new MeshError('unauthenticated', 'off loopback telemetry needs a token: authorization: Bearer …')
        return { mesh: MESH_DEFAULT, name: null, proxy: null }
      }
      const token = /^Bearer +(\S{1,512})$/i.exec(authorization)?.[1]
      if (!token) throw new MeshError('unauthenticated', 'the authorization header takes a bearer token')
      const hash = createHash('sha256').update(token).digest()
      const key = hash.toString('base64')
      const before = known.get(key)
      const age = before ? Date.now() - before.at : Infinity
      if (before && age < KEEP_MS) return accept(before.sender)
      try {
        const sender = await lookUp(hash)
        if (known.size >= KNOWN_MAX) known.clear()
        known.set(key, { sender, at: Date.now() })
        return accept(sender)
      } catch (cause) {
        if (cause instanceof MeshError) throw cause
        if (before && age < KEEP_AWAY_MS) return accept(before.sender)
        throw new MeshError('unavailable', 'the sender cannot be looked up while the store is away; send it again', { cause })
      }
    },
  }
}

function accept(sender: Sender | null): Sender {
  if (sender === null) throw new MeshError('unauthenticated', 'this token is unknown, revoked or expired')
  return sender
}
