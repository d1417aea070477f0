// Carries a rotation out, one step at a time: each in one transaction under the row's lock, so that control may die between any two.
import { messageOf, MeshError } from '../contracts/errors.ts'
import { LEASE_MS } from '../contracts/sidecar.ts'
import { recordAudit } from '../db/audit.ts'
import type { Db } from '../db/client.ts'
import { electLeader } from '../db/leader.ts'
import { notify } from '../db/listen.ts'
import { inTransaction, type PoolClient } from '../db/pool.ts'
import type { Authority } from './authority.ts'
import { decideRotation, type Action, type Decision, type ProxyEvidence, type RotationView, type Step, type Wish } from './rotation-plan.ts'
import { makePair, trustRoot } from './store.ts'

const TICK_MS = 500
/** A tick that comes this late was not running, or could not read. */
const LATE_MS = 3000
const CONTROL = 'control'

type Mesh = Pick<Authority, 'mesh' | 'trustDomain' | 'box'>

/**
 * One of all control processes looks at the running rotation twice a second. After a start or an outage it first waits for as long as
 * a lease: until sidecars have had the time to come back, silence says nothing of them, and a step must not be taken without them.
 */
export function runRotations(db: Db, authority: Mesh, onError: (error: Error) => void = () => {}): AsyncDisposable {
  return electLeader(db.url, {
    name: `rotation-${authority.mesh}`,
    onError,
    async lead(signal) {
      let judgeFrom = Date.now() + LEASE_MS
      let lastTick = Date.now()
      while (!signal.aborted) {
        if (Date.now() - lastTick > LATE_MS) judgeFrom = Date.now() + LEASE_MS
        lastTick = Date.now()
        if (lastTick >= judgeFrom) {
          await advanceRotation(db, authority).catch((error) => {
            judgeFrom = Date.now() + LEASE_MS
            onError(new Error(`cannot advance the rotation: ${messageOf(error)}`))
          })
        }
        await new Promise((resolve) => setTimeout(resolve, TICK_MS))
      }
    },
  })
}

interface Row {
  id: string
  state: RotationView['state']
  step: Step
  from_id: string | null
  to_id: string | null
  started_by: string
  wish: { wish: Wish; by: string } | null
}

/** Looks once, and takes at most one step. Returns what it did. */
export async function advanceRotation(db: Db, authority: Mesh): Promise<Action | 'begin'> {
  return inTransaction(db.pool, async (client) => {
    const { rows } = await client.query<Row>('select id, state, step, from_id, to_id, started_by, wish from rotation where mesh = $1 and ended_at is null for update skip locked', [authority.mesh])
    const row = rows[0]
    if (!row) return null
    if (row.to_id === null) {
      await begin(client, authority, row)
      return 'begin'
    }
    const view = await readView(client, row)
    const wish = row.wish?.wish ?? null
    const decision = decideRotation(view, await readEvidence(client, authority.mesh, view), wish)
    await noteEvidence(client, authority.mesh, row, decision)
    if (decision.action) await act(client, authority.mesh, row, view, decision)
    return decision.action
  })
}

/** A new root with an issuing certificate under it: only a second root makes “trust both” mean something. */
async function begin(client: PoolClient, authority: Mesh, row: Row): Promise<void> {
  const { mesh } = authority
  const from = await client.query<{ id: string }>(`select id from certificate_authority where mesh = $1 and role = 'issuing' and state = 'active'`, [mesh])
  const to = await makePair(client, authority, authority.box, 'prepared')
  const { toRoot } = await readView(client, { ...row, from_id: from.rows[0]?.id ?? null, to_id: to })
  await trustRoot(client, mesh, toRoot)
  await setState(client, [toRoot], 'trusted')
  await client.query('update rotation set from_id = $2, to_id = $3 where id = $1', [row.id, from.rows[0]?.id, to])
  await record(client, mesh, row, { state: 'running', step: 'trust', by: row.started_by, what: 'made a new root and issuing certificate; every proxy is told to trust both roots' })
}

async function act(client: PoolClient, mesh: string, row: Row, view: RotationView, { action, waitsFor }: Decision): Promise<void> {
  const by = row.wish?.by ?? CONTROL
  const old = [view.from, view.fromRoot]
  const fresh = [view.to, view.toRoot]
  switch (action) {
    case 'reissue':
      await setState(client, old, 'trusted')
      await setState(client, fresh, 'active')
      return record(client, mesh, row, { state: 'running', step: 'reissue', by: CONTROL, what: 'every connected proxy trusts both roots; the new issuer signs from now on and every certificate is renewed' })
    case 'prove':
      return record(client, mesh, row, { state: 'running', step: 'prove', by: CONTROL, what: 'every connected proxy holds a certificate of the new issuer; each must show it on its own connection' })
    case 'await-retire':
      return record(client, mesh, row, { state: 'waiting', step: 'retire', by: CONTROL, what: 'every connected proxy has shown its new certificate; retiring the old root waits for a confirmation' })
    case 'retire':
      await retire(client, mesh, old, view.fromRoot)
      return record(client, mesh, row, { state: 'done', step: 'done', by, what: 'retired the old root and issuing certificate; their keys are deleted' })
    case 'cancel':
      await setState(client, fresh, 'trusted')
      await setState(client, old, 'active')
      return record(client, mesh, row, { state: 'running', step: 'cancelled', by, what: 'cancelled; the old issuer signs again and every certificate of the new one is renewed' })
    case 'finish-cancel':
      await retire(client, mesh, fresh, view.toRoot)
      return record(client, mesh, row, { state: 'cancelled', step: 'cancelled', by: CONTROL, what: 'everything is back at the old issuer; the new root is dropped' })
    case 'pause':
      return record(client, mesh, row, { state: 'paused', step: row.step, by, what: 'paused' })
    case 'resume':
      return record(client, mesh, row, { state: row.step === 'retire' ? 'waiting' : 'running', step: row.step, by, what: 'resumed' })
    case 'refuse-retire':
      return record(client, mesh, row, { state: row.state, step: row.step, by, what: `the old root was not retired: ${waitsFor.join('; ')}` })
    case null:
      return
  }
}

async function readView(client: PoolClient, row: Pick<Row, 'state' | 'step' | 'from_id' | 'to_id'>): Promise<RotationView> {
  const { rows } = await client.query<{ id: string; parent_id: string }>('select id, parent_id from certificate_authority where id = any($1)', [[row.from_id, row.to_id]])
  const rootOf = (id: string | null) => rows.find((ca) => ca.id === id)
  const from = rootOf(row.from_id)
  const to = rootOf(row.to_id)
  if (!from || !to) throw new MeshError('internal', 'the rotation names an issuing certificate that is not there')
  return { state: row.state, step: row.step, from: from.id, to: to.id, fromRoot: from.parent_id, toRoot: to.parent_id }
}

async function readEvidence(client: PoolClient, mesh: string, view: RotationView): Promise<ProxyEvidence[]> {
  const { rows } = await client.query<ProxyEvidence>(
    `select p.id as proxy, p.last_seen > now() - make_interval(secs => $2) as connected, coalesce(p.identity->'trusts', '[]') as trusts,
       p.identity->>'issuerId' as holds, p.identity->>'seenIssuerId' as seen,
       array(select distinct s.issuer_id from svid s where s.mesh = p.mesh and s.proxy = p.id and s.issuer_id = any($3) and s.revoked_at is null and s.not_after > now()) as "mayHold"
     from proxy p where p.mesh = $1 order by p.id`,
    [mesh, LEASE_MS / 1000, [view.from, view.to]],
  )
  return rows
}

async function noteEvidence(client: PoolClient, mesh: string, row: Row, { proxies, waitsFor }: Decision): Promise<void> {
  const { rowCount } = await client.query('update rotation set evidence = $2, waits_for = $3, wish = null where id = $1 and (evidence, waits_for) is distinct from ($2::jsonb, $3::jsonb)', [row.id, JSON.stringify(proxies), JSON.stringify(waitsFor)])
  if (row.wish) await client.query('update rotation set wish = null where id = $1', [row.id])
  if (rowCount === 1 || row.wish) await notify(client, 'identity', { mesh })
}

async function setState(client: PoolClient, ids: string[], state: 'active' | 'trusted' | 'retired'): Promise<void> {
  await client.query('update certificate_authority set state = $2 where id = any($1)', [ids, state])
}

async function retire(client: PoolClient, mesh: string, ids: string[], rootId: string): Promise<void> {
  await client.query('delete from trust_bundle where mesh = $1 and ca_id = $2', [mesh, rootId])
  await client.query('delete from ca_key where ca_id = any($1)', [ids])
  await setState(client, ids, 'retired')
}

interface Entry {
  state: RotationView['state']
  step: Step
  by: string
  what: string
}

async function record(client: PoolClient, mesh: string, row: Row, { state, step, by, what }: Entry): Promise<void> {
  const entry = { at: new Date().toISOString(), step, by, what }
  const ended = state === 'done' || state === 'cancelled'
  await client.query('update rotation set state = $2, step = $3, history = history || $4::jsonb, ended_at = case when $5 then now() end where id = $1', [row.id, state, step, JSON.stringify([entry]), ended])
  await recordAudit(client, { mesh, actor: by, action: 'rotation.step', target: row.id, result: 'ok', detail: { state, step, what } })
  await notify(client, 'identity', { mesh })
}
