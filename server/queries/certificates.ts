// Who holds which certificate, how much of its life is left, and what stops when it runs out. Never a key.
import { parseSpiffeId } from '../contracts/ids.ts'
import type { CertificateAuthority, CertificateList, Svid } from '../contracts/security.ts'
import type { Db } from '../db/client.ts'

const LISTED_MAX = 10_000

interface SvidRow {
  serial: string
  spiffe_id: string
  proxy: string
  issuer_id: string
  not_before: Date
  not_after: Date
  issued_at: Date
  revoked_at: Date | null
}

export interface CertificatePage {
  limit: number
  /** Proxy and serial of the last one that was read before. */
  after?: readonly [proxy: string, serial: string]
}

/** Every authority that is not dropped, and of each known proxy its newest certificate; revoked ones as long as they would live. By proxy. */
export async function readCertificates(db: Db, mesh: string, { limit, after: [afterProxy, afterSerial] = ['', ''] }: CertificatePage = { limit: LISTED_MAX }): Promise<CertificateList> {
  const authorities = await db.prisma.certificateAuthority.findMany({ where: { mesh }, orderBy: [{ createdAt: 'desc' }, { role: 'desc' }], take: 100 })
  const { rows } = await db.pool.query<SvidRow>(
    `with newest as (
       select distinct on (s.proxy) s.* from svid s where s.mesh = $1 and s.proxy >= $3
       and (s.proxy = 'control' or exists (select 1 from proxy p where p.mesh = s.mesh and p.id = s.proxy)) order by s.proxy, s.issued_at desc
     ), shown as (
       select * from newest
       union
       select * from svid where mesh = $1 and proxy >= $3 and revoked_at is not null and not_after > now()
     )
     select serial, spiffe_id, proxy, issuer_id, not_before, not_after, issued_at, revoked_at from shown
     where (proxy, serial) > ($3, $4) order by proxy, serial limit $2`,
    [mesh, limit, afterProxy, afterSerial],
  )
  return { authorities: authorities.map(describeAuthority), items: rows.map((row) => describeSvid(row)) }
}

type AuthorityRow = Awaited<ReturnType<Db['prisma']['certificateAuthority']['findMany']>>[number]

function describeAuthority(row: AuthorityRow): CertificateAuthority {
  return {
    id: row.id,
    role: row.role as CertificateAuthority['role'], // written by control alone, as the contract names them
    state: row.state as CertificateAuthority['state'],
    subject: row.subject,
    notBefore: row.notBefore.toISOString(),
    notAfter: row.notAfter.toISOString(),
    lifeLeft: lifeLeft(row.notBefore, row.notAfter),
    pem: row.pem,
  }
}

function describeSvid(row: SvidRow): Svid {
  const left = lifeLeft(row.issued_at, row.not_after)
  return {
    serial: row.serial,
    spiffeId: row.spiffe_id,
    proxy: row.proxy,
    issuerId: row.issuer_id,
    notBefore: row.not_before.toISOString(),
    notAfter: row.not_after.toISOString(),
    lifeLeft: left,
    consequence: describeConsequence(row),
    state: row.revoked_at ? 'revoked' : left === 0 ? 'expired' : left < 1 / 3 ? 'renewal_late' : 'valid',
  }
}

function describeConsequence({ spiffe_id, proxy, revoked_at }: SvidRow): string {
  const agent = parseSpiffeId(spiffe_id)?.agent
  if (revoked_at) return `${agent ?? proxy} is refused everywhere`
  if (!agent) return 'sidecars cannot reach control; proxies go on with what they have'
  return `new connections of ${proxy} are refused`
}

function lifeLeft(from: Date, to: Date): number {
  const left = (to.getTime() - Date.now()) / (to.getTime() - from.getTime())
  return Math.min(Math.max(left, 0), 1)
}
