// What a person asks of a rotation: rows, that control acts on.
import { randomUUID } from 'node:crypto'
import { MeshError } from '../contracts/errors.ts'
import { recordAudit } from '../db/audit.ts'
import type { Db } from '../db/client.ts'
import { notify } from '../db/listen.ts'
import { inTransaction } from '../db/pool.ts'
import type { Wish } from './rotation-plan.ts'

/** Throws `conflict` while another runs. Returns its id. */
export async function requestRotation(db: Db, { mesh, by, reason }: { mesh: string; by: string; reason: string }): Promise<string> {
  const id = randomUUID()
  return inTransaction(db.pool, async (client) => {
    const { rowCount } = await client.query(
      `insert into rotation (id, mesh, state, step, started_by, reason) values ($1, $2, 'running', 'trust', $3, $4) on conflict do nothing`,
      [id, mesh, by, reason],
    )
    if (rowCount === 0) throw new MeshError('conflict', 'a rotation runs already; finish or cancel it first')
    await recordAudit(client, { mesh, actor: by, action: 'rotation.start', target: id, result: 'ok', detail: { reason } })
    await notify(client, 'identity', { mesh })
    return id
  })
}

/** Throws `conflict` for a wish that the rotation cannot take where it is: ended, paused already, or a retirement that something still blocks. */
export async function wishRotation(db: Db, { mesh, id, wish, by }: { mesh: string; id: string; wish: Wish; by: string }): Promise<void> {
  await inTransaction(db.pool, async (client) => {
    const { rows } = await client.query<{ state: string; step: string; ended_at: Date | null; waits_for: string[] }>('select state, step, ended_at, waits_for from rotation where mesh = $1 and id = $2 for update', [mesh, id])
    const row = rows[0]
    if (!row) throw new MeshError('not_found', `there is no rotation ${id}`)
    if (row.ended_at || row.step === 'cancelled') throw new MeshError('conflict', 'the rotation has ended, or is on its way back')
    if (row.state === 'paused' && (wish === 'pause' || wish === 'retire')) throw new MeshError('conflict', wish === 'pause' ? 'the rotation is paused already' : 'the rotation is paused; resume it first')
    if (row.state !== 'paused' && wish === 'resume') throw new MeshError('conflict', 'the rotation is not paused')
    if (wish === 'retire' && row.step !== 'retire') throw new MeshError('conflict', `the rotation is at the step “${row.step}”; the old root can be retired when every proxy has shown its new certificate`)
    if (wish === 'retire' && row.waits_for.length > 0) throw new MeshError('conflict', `the old root cannot be retired: ${row.waits_for.join('; ')}`)
    await client.query('update rotation set wish = $2 where id = $1', [id, JSON.stringify({ wish, by })])
    await recordAudit(client, { mesh, actor: by, action: `rotation.${wish}`, target: id, result: 'ok' })
    await notify(client, 'identity', { mesh })
  })
}
