// Join tokens let one sidecar in once; telemetry tokens tie what a proxy sends to its SPIFFE id. The store has hashes alone.
import { createHash, randomBytes } from 'node:crypto'
import { MeshError } from '../contracts/errors.ts'
import { certificateHash } from './fingerprint.ts'

type Query = { query<R extends object>(sql: string, values: unknown[]): Promise<{ rows: R[] }> }

export const JOIN_TOKEN_LIFE_MS = { default: 3_600_000, max: 86_400_000 }

export interface JoinTokenOptions {
  mesh: string
  namespace: string
  agent: string
  createdBy: string
  lifeMs?: number
}

export interface JoinToken {
  id: string
  /** `hdl_join_<id>_<secret>_<hash of the root>`, shown this once. */
  token: string
  namespace: string
  agent: string
  expiresAt: string
}

export async function createJoinToken(query: Query, options: JoinTokenOptions): Promise<JoinToken> {
  const { mesh, namespace, agent, createdBy, lifeMs = JOIN_TOKEN_LIFE_MS.default } = options
  const id = randomBytes(8).toString('hex')
  const secret = randomBytes(24).toString('hex')
  // The oldest root: the one that control presents, also while the mesh moves to another.
  const { rows } = await query.query<{ pem: string }>(
    'select ca.pem from trust_bundle bundle join certificate_authority ca on ca.id = bundle.ca_id where bundle.mesh = $1 order by bundle.position limit 1',
    [mesh],
  )
  const root = rows[0]
  if (!root) throw new MeshError('unavailable', 'the mesh has no root certificate yet: control has not started on this store')
  const expiresAt = new Date(Date.now() + lifeMs)
  await query.query(
    'insert into join_token (id, mesh, hash, namespace, agent, created_by, expires_at) values ($1, $2, $3, $4, $5, $6, $7)',
    [id, mesh, hashSecret(secret), namespace, agent, createdBy, expiresAt],
  )
  return { id, token: `hdl_join_${id}_${secret}_${certificateHash(root.pem)}`, namespace, agent, expiresAt: expiresAt.toISOString() }
}

export interface JoinClaim {
  id: string
  mesh: string
  namespace: string
  agent: string
  /** The same proxy and key once more: the answer before was lost on its way. */
  again: boolean
}

/** Uses a token up. Two sidecars with one token: exactly one gets in. `key` is a hash of its public key. Throws `unauthenticated` saying why not. */
export async function useJoinToken(query: Query, token: string, by: { proxyId: string; key: Buffer }): Promise<JoinClaim> {
  const match = /^hdl_join_([0-9a-f]{16})_([0-9a-f]{48})_[0-9a-f]{64}$/.exec(token)
  if (!match) throw new MeshError('unauthenticated', 'this is not a join token; `heddle token create --agent NAME` makes one')
  const [, id = '', secret = ''] = match
  const used = await query.query<JoinClaim>(
    `with before as (select used_at from join_token where id = $1 for update)
     update join_token set used_at = coalesce(join_token.used_at, now()), used_by = $3, used_key = $4 from before
     where id = $1 and hash = $2 and expires_at > now() and (join_token.used_at is null or (used_by = $3 and used_key = $4))
     returning id, mesh, namespace, agent, before.used_at is not null as again`,
    [id, hashSecret(secret), by.proxyId, by.key],
  )
  if (used.rows[0]) return used.rows[0]
  const known = await query.query<{ used_by: string | null }>('select used_by from join_token where id = $1 and hash = $2', [id, hashSecret(secret)])
  const row = known.rows[0]
  if (!row) throw new MeshError('unauthenticated', 'the join token is not known to this mesh')
  throw new MeshError('unauthenticated', row.used_by ? `the join token was used already, by ${row.used_by}; each lets one sidecar in` : 'the join token has expired')
}

/** Replaces a proxy's token, which is good from its next certificate on and as long as that. Only its hash is kept; the collector compares hashes. */
export async function createTelemetryToken(query: Query, options: { mesh: string; spiffeId: string; proxy: string }): Promise<string> {
  const token = `hdl_tel_${randomBytes(24).toString('hex')}`
  await query.query('update telemetry_token set revoked_at = now() where mesh = $1 and proxy = $2 and revoked_at is null', [options.mesh, options.proxy])
  await query.query('insert into telemetry_token (hash, mesh, spiffe_id, proxy, expires_at) values ($1, $2, $3, $4, now())', [hashTelemetryToken(token), options.mesh, options.spiffeId, options.proxy])
  return token
}

export function hashTelemetryToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
