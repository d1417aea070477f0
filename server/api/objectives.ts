// How agents keep to their objectives, the alerts of those that do not, and who is told. The objectives themselves are objects like others.
import { randomUUID } from 'node:crypto'
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { DnsLabel, NAMESPACE_DEFAULT, ObjectName } from '#server/contracts/ids.ts'
import { Alert, ObjectiveStatus, Receiver, Receivers, Silence, type AlertMessage } from '#server/contracts/objective.ts'
import { recordAudit } from '#server/db/audit.ts'
import { notify } from '#server/db/listen.ts'
import { inTransaction, type PoolClient } from '#server/db/pool.ts'
import { readReceivers, writeReceivers } from '#server/db/receivers.ts'
import { tell } from '#server/objectives/deliver.ts'
import { openMail } from '#server/objectives/mail.ts'
import { readAlerts, readObjectiveStatuses, readSilences } from '#server/queries/objectives.ts'
import { requireRole, roleCovers, type ApiContext } from './context.ts'
import { created, jsonBody, ListQuery, listOf, MeshQuery, newRoutes, ok, readCursor, writeCursor } from './routes.ts'

const tags = ['Objectives']
const SILENCE_MINUTES_MAX = 7 * 24 * 60
const WHOLE = { continue: null, resourceVersion: '' }

const states = createRoute({ method: 'get', path: '/objective-states', tags, summary: 'How each objective is kept, the worst first', request: { query: MeshQuery }, responses: ok(listOf(ObjectiveStatus), 'The states') })
const alerts = createRoute({
  method: 'get',
  path: '/alerts',
  tags,
  summary: 'Alerts that run or ran, newest first, with whom they were told',
  request: { query: ListQuery.extend({ running: z.enum(['true', 'false']).optional(), objective: z.string().max(320).regex(/^[a-z0-9-]+\/[a-z0-9.-]+$/, 'NAMESPACE/NAME').optional() }) },
  responses: ok(listOf(Alert), 'A page of alerts'),
})
const silences = createRoute({ method: 'get', path: '/silences', tags, summary: 'Silences that are not over', request: { query: MeshQuery }, responses: ok(listOf(Silence), 'The silences') })
const silence = createRoute({
  method: 'post',
  path: '/silences',
  tags,
  summary: 'Tell nobody of alerts for a while; what still burns then is told',
  request: { query: MeshQuery, ...jsonBody(z.strictObject({ namespace: DnsLabel.default(NAMESPACE_DEFAULT), objective: ObjectName.nullable().default(null), minutes: z.number().int().min(1).max(SILENCE_MINUTES_MAX), reason: z.string().max(500).default('') })) },
  responses: created(Silence, 'The silence'),
})
const unsilence = createRoute({ method: 'delete', path: '/silences/{id}', tags, summary: 'End a silence now', request: { params: z.object({ id: z.uuid() }), query: MeshQuery }, responses: ok(z.object({ id: z.string() }), 'It is over') })
const receivers = createRoute({ method: 'get', path: '/receivers', tags, summary: 'Who can be told of alerts; where a webhook leads is for admins to read', request: { query: MeshQuery }, responses: ok(Receivers, 'The receivers') })
const putReceivers = createRoute({ method: 'put', path: '/receivers', tags, summary: 'Set who can be told of alerts', request: { query: MeshQuery, ...jsonBody(Receivers) }, responses: ok(Receivers, 'The receivers') })
const testReceiver = createRoute({ method: 'post', path: '/receivers/test', tags, summary: 'Send one message to a receiver, stored or not', request: { query: MeshQuery, ...jsonBody(Receiver) }, responses: ok(z.object({ delivered: z.boolean(), error: z.string().nullable() }), 'Whether it was taken') })

export const objectives = newRoutes()
  .openapi(states, async (c) => {
    requireRole(c, 'viewer')
    return c.json({ items: await readObjectiveStatuses(c.var.db, c.var.mesh), metadata: WHOLE }, 200)
  })
  .openapi(alerts, async (c) => {
    requireRole(c, 'viewer')
    const { limit, continue: cursor, running, objective } = c.req.valid('query')
    const [startedAt, id] = readCursor(cursor, z.tuple([z.iso.datetime(), z.string().max(64)])) ?? []
    const [namespace = '', name = ''] = objective?.split('/') ?? []
    const found = await readAlerts(c.var.db, c.var.mesh, { running: running === 'true', at: objective ? { namespace, objective: name } : undefined, limit: limit + 1, after: startedAt && id ? { startedAt, id } : undefined })
    const items = found.slice(0, limit)
    const last = found.length > limit ? items.at(-1) : undefined
    return c.json({ items, metadata: { continue: last ? writeCursor([last.startedAt, last.id]) : null, resourceVersion: '' } }, 200)
  })
  .openapi(silences, async (c) => {
    requireRole(c, 'viewer')
    return c.json({ items: await readSilences(c.var.db, c.var.mesh), metadata: WHOLE }, 200)
  })
  .openapi(silence, async (c) => {
    const caller = requireRole(c, 'operator')
    const { minutes, ...asked } = c.req.valid('json')
    const made: Silence = { ...asked, id: randomUUID(), until: new Date(Date.now() + minutes * 60_000).toISOString(), by: caller.name }
    await change(c, 'silence.add', made.id, made, async (client) => {
      await client.query('insert into silence (id, mesh, namespace, objective, until, by, reason) values ($1, $2, $3, $4, $5, $6, $7)', [made.id, c.var.mesh, made.namespace, made.objective, made.until, made.by, made.reason])
    })
    return c.json(made, 201)
  })
  .openapi(unsilence, async (c) => {
    requireRole(c, 'operator')
    const { id } = c.req.valid('param')
    await change(c, 'silence.end', id, {}, async (client) => {
      const { rowCount } = await client.query('update silence set until = now() where mesh = $1 and id = $2 and until > now()', [c.var.mesh, id])
      if (rowCount === 0) throw new MeshError('not_found', 'there is no such silence, or it is over')
    })
    return c.json({ id }, 200)
  })
  .openapi(receivers, async (c) => {
    const caller = requireRole(c, 'viewer')
    const items = await readReceivers(c.var.db, c.var.mesh)
    return c.json({ items: roleCovers(caller.role, 'admin') ? items : items.map(withoutKey) }, 200)
  })
  .openapi(putReceivers, async (c) => {
    requireRole(c, 'admin')
    const wanted = c.req.valid('json')
    const repeated = wanted.items.findIndex(({ name }, index) => wanted.items.findIndex((one) => one.name === name) < index)
    if (repeated !== -1) throw new MeshError('invalid', 'two receivers have one name', { problems: [{ pointer: `/items/${repeated}/name`, code: 'repeated', detail: `“${wanted.items[repeated]?.name}” is there twice` }] })
    const before = await readReceivers(c.var.db, c.var.mesh)
    await change(c, 'receivers.set', 'receivers', { before: before.map(withoutKey), after: wanted.items.map(withoutKey) }, (client) => writeReceivers(client, c.var.mesh, wanted))
    return c.json(wanted, 200)
  })
  .openapi(testReceiver, async (c) => {
    const caller = requireRole(c, 'admin')
    const receiver = c.req.valid('json')
    const { config, outside, mesh } = c.var
    const message: AlertMessage = { id: randomUUID(), event: 'test', mesh, objective: 'a test', summary: `${caller.name} tries whether Heddle reaches you`, speed: null, startedAt: new Date().toISOString(), endedAt: null, url: new URL('/objectives', config.publicUrl).href }
    const mail = openMail(config.mail)
    const error = await tell({ outside, mail, publicUrl: config.publicUrl }, receiver, receiver.name, message).then(() => null, (cause: Error) => cause.message)
    mail?.[Symbol.dispose]()
    return c.json({ delivered: error === null, error }, 200)
  })

/** With its line in the audit, told to open pages. */
async function change(c: ApiContext, action: string, target: string, detail: Record<string, unknown>, write: (client: PoolClient) => Promise<void>): Promise<void> {
  const { db, mesh, caller } = c.var
  await inTransaction(db.pool, async (client) => {
    await write(client)
    await recordAudit(client, { mesh, actor: caller?.name ?? '', action, target, result: 'ok', detail })
    await notify(client, 'telemetry', { mesh })
  })
}

/** A webhook's path is often its key. */
function withoutKey(receiver: Receiver): Receiver {
  return receiver.type === 'webhook' ? { ...receiver, url: new URL(receiver.url).origin } : receiver
}
