// The mesh's certificate authority as a control process holds it: who signs now, whom the mesh trusts, who is revoked.
import { messageOf, MeshError } from '../contracts/errors.ts'
import type { Identity } from '../contracts/sidecar.ts'
import type { Db } from '../db/client.ts'
import { listen } from '../db/listen.ts'
import type { Pool, PoolClient } from '../db/pool.ts'
import { signSvid, trimPem } from './certificate.ts'
import { openSecretBox, type SecretBox } from './secret-box.ts'
import { ensureMesh, readTrust, type Trust } from './store.ts'

/** A NOTIFY that was missed is made good by this reading. */
const REFRESH_MS = 5000

export interface AuthorityOptions {
  mesh: string
  trustDomain: string
  /** 32 bytes, base64. */
  secretKey: string
  svidTtlMs: number
  onError?: (error: Error) => void
}

export interface Subject {
  spiffeId: string
  /** The proxy's id, or `control`; it stands in the certificate's subject as UID. */
  proxy: string
}

type Query = Pool | PoolClient

export interface Authority extends AsyncDisposable {
  readonly mesh: string
  readonly trustDomain: string
  readonly box: SecretBox
  readonly trust: Trust
  readonly svidTtlMs: number
  /** Signs a key for an identity that the caller has checked. On a transaction's own connection the certificate stands or falls with it. */
  issueForKey(publicKey: CryptoKey, subject: Subject, query?: Query): Promise<Identity>
  /** Control's own certificate, which every proxy of the mesh must recognise. */
  issueForControl(publicKey: CryptoKey): Promise<Identity>
  bundlePem(): string
  reload(): Promise<void>
  /** Called after every reading that differs from the one before; returns the way to stop. */
  onChange(changed: () => void): () => void
}

/** Opens the store's authority, making it on the first start. Throws `invalid` for a wrong key, having changed nothing. */
export async function openAuthority(db: Db, options: AuthorityOptions): Promise<Authority> {
  const { mesh, trustDomain, svidTtlMs } = options
  const box = openSecretBox(options.secretKey)
  await ensureMesh(db, { mesh, trustDomain }, box)
  let trust = await readTrust(db.pool, mesh, box)
  const listeners = new Set<() => void>()

  const reload = async (query: Query = db.pool) => {
    const next = await readTrust(query, mesh, box)
    const changed = fingerprint(next) !== fingerprint(trust)
    trust = next
    if (changed) for (const listener of listeners) listener()
  }
  // While PostgreSQL is away the last reading stands: what was trusted stays trusted.
  const reloadLater = () => void reload().catch((error) => options.onError?.(new Error(`cannot read identities: ${messageOf(error)}`)))
  const listening = listen(db.url, ['identity'], { onNotify: reloadLater, onConnect: reloadLater })
  const timer = setInterval(reloadLater, REFRESH_MS)

  const sign = async (publicKey: CryptoKey, subject: Subject, by: 'issuer' | 'controlIssuer', query: Query): Promise<Identity | null> => {
    const { [by]: issuer, roots } = trust
    const leaf = await signSvid(issuer, { ...subject, publicKey, ttlMs: svidTtlMs })
    // Another control process may have moved the mesh to a new issuer a moment ago; a leaf of the old one is then not given out.
    const { rowCount } = await query.query(
      `with issued as (
         insert into svid (serial, mesh, spiffe_id, proxy, issuer_id, not_before, not_after)
         select $1, $2, $3, $4, $5, $6, $7
         where exists (select 1 from certificate_authority where id = $5 and state = any($8)) returning serial
       ), prolonged as (
         update telemetry_token set expires_at = greatest(expires_at, $7) from issued where mesh = $2 and proxy = $4 and spiffe_id = $3 and revoked_at is null
       )
       insert into audit (mesh, actor, action, target, result, detail)
       select $2, $3, 'certificate.issue', $4, 'ok', jsonb_build_object('serial', serial, 'issuer', $5::text, 'notAfter', $7::timestamptz) from issued`,
      [leaf.serialNumber, mesh, subject.spiffeId, subject.proxy, issuer.id, leaf.notBefore, leaf.notAfter, by === 'issuer' ? ['active'] : ['active', 'trusted']],
    )
    if (rowCount === 0) return null
    return {
      spiffeId: subject.spiffeId,
      trustDomain,
      chainPem: trimPem(leaf.toString('pem')) + issuer.pem,
      bundlePem: roots.map((root) => root.pem).join(''),
      serial: leaf.serialNumber,
      issuerId: issuer.id,
      notBefore: leaf.notBefore.toISOString(),
      notAfter: leaf.notAfter.toISOString(),
    }
  }

  const signOrReload = async (...asked: Parameters<typeof sign>): Promise<Identity> => {
    const first = await sign(...asked)
    if (first) return first
    await reload(asked[3]) // in the caller's own transaction: it may hold the last connection that there is
    const second = await sign(...asked)
    if (!second) throw new MeshError('unavailable', 'the issuing certificate is changing; try again')
    return second
  }

  const authority: Authority = {
    mesh,
    trustDomain,
    box,
    svidTtlMs,
    get trust() {
      return trust
    },
    issueForKey: (publicKey, subject, query = db.pool) => signOrReload(publicKey, subject, 'issuer', query),
    issueForControl: (publicKey) => signOrReload(publicKey, { spiffeId: controlSpiffeId(trustDomain), proxy: 'control' }, 'controlIssuer', db.pool),
    bundlePem: () => trust.roots.map((root) => root.pem).join(''),
    reload,
    onChange(changed) {
      listeners.add(changed)
      return () => void listeners.delete(changed)
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await listening[Symbol.asyncDispose]()
    },
  }
  return authority
}

/** Whom a sidecar expects at the other end; no agent can have this id. */
export function controlSpiffeId(trustDomain: string): string {
  return `spiffe://${trustDomain}/heddle/control`
}

function fingerprint(trust: Trust): string {
  return JSON.stringify([trust.issuer.id, trust.controlIssuer.id, trust.accepted.map((ca) => ca.id), trust.roots.map((root) => root.id), [...trust.revokedSerials].sort()])
}
