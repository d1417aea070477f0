// Authorities, their sealed keys and the trust bundle as PostgreSQL keeps them.
import { X509Certificate } from 'node:crypto'
import { MeshError } from '../contracts/errors.ts'
import type { Db } from '../db/client.ts'
import { notify } from '../db/listen.ts'
import { inTransaction, type Pool, type PoolClient } from '../db/pool.ts'
import { loadSigner, makeIssuing, makeRoot, type MadeAuthority, type Signer } from './certificate.ts'
import type { SecretBox } from './secret-box.ts'

const FIRST_START_LOCK = 7_232_912 // two control processes may start on one empty store

export interface MeshIdentity {
  mesh: string
  trustDomain: string
}

/** What control needs to sign and to judge, as of one moment. */
export interface Trust {
  issuer: Signer
  /**
   * Signs control's own certificate: the one under the bundle's oldest root. A proxy that was away while the mesh moved to a new root
   * must still recognise control, or it could never learn of the new one.
   */
  controlIssuer: Signer
  controlRootPem: string
  /** Issuing certificates whose leaves are accepted. */
  accepted: { id: string; certificate: X509Certificate }[]
  /** In the bundle's order. */
  roots: { id: string; pem: string }[]
  revokedSerials: ReadonlySet<string>
}

/** Makes mesh, root and issuing certificate on the first start. A wrong key or trust domain is refused before anything is written. */
export async function ensureMesh(db: Db, { mesh, trustDomain }: MeshIdentity, box: SecretBox): Promise<void> {
  await inTransaction(db.pool, async (client) => {
    await client.query('select pg_advisory_xact_lock($1)', [FIRST_START_LOCK])
    await refuseOtherKey(client, box)
    const known = await client.query<{ trust_domain: string }>('select trust_domain from mesh where name = $1', [mesh])
    const stored = known.rows[0]?.trust_domain
    if (stored !== undefined && stored !== trustDomain)
      throw new MeshError('conflict', `the mesh “${mesh}” has the trust domain ${stored}; HEDDLE_TRUST_DOMAIN says ${trustDomain}. Every identity in it bears the first, so it cannot be changed`)
    await client.query('insert into mesh (name, trust_domain) values ($1, $2) on conflict do nothing', [mesh, trustDomain])
    const { rowCount } = await client.query(`select 1 from certificate_authority where mesh = $1 and role = 'issuing' and state = 'active'`, [mesh])
    if (rowCount === 0) await makePair(client, { mesh, trustDomain }, box, 'active')
  })
}

/** A new root with an issuing certificate under it. An active pair is trusted at once. Returns the issuing certificate's id. */
export async function makePair(client: PoolClient, { mesh, trustDomain }: MeshIdentity, box: SecretBox, state: 'active' | 'prepared'): Promise<string> {
  const root = await makeRoot(trustDomain)
  const issuing = await makeIssuing(root, trustDomain)
  await insertAuthority(client, box, { mesh, role: 'root', state, made: root, parentId: null })
  await insertAuthority(client, box, { mesh, role: 'issuing', state, made: issuing, parentId: root.id })
  if (state === 'active') await trustRoot(client, mesh, root.id)
  await notify(client, 'identity', { mesh })
  return issuing.id
}

export async function trustRoot(client: PoolClient, mesh: string, rootId: string): Promise<void> {
  await client.query(
    `insert into trust_bundle (mesh, ca_id, position) select $1, $2, coalesce(max(position), 0) + 1 from trust_bundle where mesh = $1
     on conflict do nothing`,
    [mesh, rootId],
  )
}

export async function readTrust(query: Pool | PoolClient, mesh: string, box: SecretBox): Promise<Trust> {
  const { rows } = await query.query<{ id: string; role: string; state: string; pem: string; parent_id: string | null; position: number | null; key_id: string | null; ciphertext: Buffer | null }>(
    `select ca.id, ca.role, ca.state, ca.pem, ca.parent_id, bundle.position, key.key_id, key.ciphertext
     from certificate_authority ca
     left join trust_bundle bundle on bundle.mesh = ca.mesh and bundle.ca_id = ca.id
     left join ca_key key on key.ca_id = ca.id and ca.role = 'issuing'
     where ca.mesh = $1 and ca.state <> 'retired'
     order by bundle.position nulls last, ca.id`,
    [mesh],
  )
  const trusted = rows.filter((row) => row.role === 'root' && row.position !== null)
  const trustedIds = new Set(trusted.map((row) => row.id))
  const oldest = trusted[0]
  const issuing = rows.filter((row) => row.role === 'issuing')
  const active = issuing.find((row) => row.state === 'active')
  const ofControl = issuing.find((row) => row.parent_id === oldest?.id)
  const open = async (row: (typeof rows)[number] | undefined) => {
    if (!row?.ciphertext) throw new MeshError('internal', `the mesh “${mesh}” has no issuing certificate with a key`)
    return loadSigner(row.pem, box.open(row.ciphertext, row.id))
  }
  return {
    issuer: await open(active),
    controlIssuer: await open(ofControl),
    controlRootPem: oldest?.pem ?? '',
    accepted: issuing
      .filter((row) => row.parent_id !== null && trustedIds.has(row.parent_id))
      .map((row) => ({ id: row.id, certificate: new X509Certificate(row.pem) })),
    roots: trusted.map(({ id, pem }) => ({ id, pem })),
    revokedSerials: await readRevoked(query, mesh),
  }
}

async function readRevoked(query: Pool | PoolClient, mesh: string): Promise<ReadonlySet<string>> {
  const { rows } = await query.query<{ serial: string }>('select serial from svid where mesh = $1 and revoked_at is not null and not_after > now()', [mesh])
  return new Set(rows.map((row) => row.serial))
}

/** The key id tells a wrong key before anything is opened; a right id with damaged bytes fails when it is opened. */
async function refuseOtherKey(client: PoolClient, box: SecretBox): Promise<void> {
  const { rows } = await client.query<{ key_id: string }>('select distinct key_id from ca_key')
  const other = rows.find((row) => row.key_id !== box.keyId)
  if (other)
    throw new MeshError('invalid', `HEDDLE_SECRET_KEY is not the key that sealed this store (${box.keyId}, the store has ${other.key_id}); nothing was changed`)
}

interface NewAuthority {
  mesh: string
  role: 'root' | 'issuing'
  state: 'active' | 'prepared'
  made: MadeAuthority
  parentId: string | null
}

async function insertAuthority(client: PoolClient, box: SecretBox, { mesh, role, state, made, parentId }: NewAuthority): Promise<void> {
  const { certificate } = made
  await client.query(
    `insert into certificate_authority (id, mesh, role, state, parent_id, subject, serial, pem, not_before, not_after)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [made.id, mesh, role, state, parentId, certificate.subject, certificate.serialNumber, made.pem, certificate.notBefore, certificate.notAfter],
  )
  await client.query('insert into ca_key (ca_id, key_id, ciphertext) values ($1, $2, $3)', [made.id, box.keyId, box.seal(made.keyPem, made.id)])
}
