import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { DnsLabel, NAMESPACE_DEFAULT } from '#server/contracts/ids.ts'
import { CardHistory, Peer, ReadCard, ReadCardRequest, RegistryEntry } from '#server/contracts/registry.ts'
import { recordAudit } from '#server/db/audit.ts'
import { notify } from '#server/db/listen.ts'
import { readSource } from '#server/discovery/poll.ts'
import { cosine } from '#server/semantic/embedder.ts'
import { readGraph } from '#server/queries/graph.ts'
import { peerId, readCards, readPeers, readRegistry } from '#server/queries/registry.ts'
import { requireRole, type ApiContext } from './context.ts'
import { jsonBody, listOf, MeshQuery, newRoutes, ok } from './routes.ts'

const tags = ['Registry']
const HOUR_MS = 3_600_000
const One = z.object({ ns: DnsLabel, name: DnsLabel })

const list = createRoute({
  method: 'get',
  path: '/registry',
  tags,
  summary: 'Agents by name, tag, capability, modality, or by what they mean',
  request: {
    query: MeshQuery.extend({
      q: z.string().max(200).optional().describe('In its name or description'),
      capability: z.string().max(128).optional(),
      tag: z.string().max(64).optional(),
      mode: z.string().max(128).optional().describe('An input or output mode, such as image/png'),
      state: z.enum(['present', 'gone', 'never']).optional(),
      means: z.string().max(1000).optional().describe('A question, such as “who can translate contracts?”; the nearest first'),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
    }),
  },
  responses: ok(listOf(RegistryEntry), 'Agents'),
})
const cards = createRoute({ method: 'get', path: '/registry/{ns}/{name}/cards', tags, summary: 'The cards of an agent, newest first, with what each changed and whom that hits', request: { params: One, query: MeshQuery }, responses: ok(CardHistory, 'Cards') })
const read = createRoute({ method: 'post', path: '/registry/read-card', tags, summary: 'Read a card or an MCP server once, and keep nothing', request: { query: MeshQuery, ...jsonBody(ReadCardRequest.strict()) }, responses: ok(ReadCard, 'What it says') })
const refresh = createRoute({ method: 'post', path: '/registry/{ns}/{name}/refresh', tags, summary: 'Have an agent’s card read now', request: { params: One, query: MeshQuery }, responses: ok(z.object({ asked: z.boolean() }), 'Asked') })

export const registry = newRoutes()
  .openapi(list, async (c) => {
    requireRole(c, 'viewer')
    const query = c.req.valid('query')
    const contains = (text: string) => text.toLowerCase().includes(query.q?.toLowerCase() ?? '')
    const entries = (await readRegistry(c.var.db, c.var.mesh)).filter(
      (entry) =>
        (query.q === undefined || contains(entry.name) || contains(entry.description)) &&
        (query.state === undefined || entry.state === query.state) &&
        (query.capability === undefined || entry.capabilities.some(({ id }) => id === query.capability)) &&
        (query.tag === undefined || entry.capabilities.some(({ tags }) => tags.includes(query.tag ?? ''))) &&
        (query.mode === undefined || entry.capabilities.some((one) => [...one.inputModes, ...one.outputModes].includes(query.mode ?? ''))),
    )
    const found = query.means === undefined ? entries : await rankByMeaning(c, entries, query.means)
    return c.json({ items: found.slice(0, query.limit), metadata: { continue: null, resourceVersion: '0' } }, 200)
  })
  .openapi(cards, async (c) => {
    requireRole(c, 'viewer')
    const { ns, name } = c.req.valid('param')
    return c.json(await readCards(c.var.db, c.var.mesh, { namespace: ns, name }, await graphOf(c, HOUR_MS)), 200)
  })
  .openapi(read, async (c) => {
    requireRole(c, 'operator')
    const found = await readSource(c.var.outside, c.req.valid('json'))
    if (!found) throw new MeshError('unavailable', 'the source says that nothing changed, and was not asked that')
    const { card, signature, url } = found.taken
    return c.json({ url, form: card.form, name: card.name, description: card.description, version: card.version, signature, warnings: card.warnings, capabilities: card.capabilities.map(({ examples: _examples, ...one }) => one) }, 200)
  })
  .openapi(refresh, async (c) => {
    const caller = requireRole(c, 'operator')
    const { ns, name } = c.req.valid('param')
    const { rowCount } = await c.var.db.pool.query('update agent_source set next_at = now(), etag = null where mesh = $1 and namespace = $2 and agent = $3', [c.var.mesh, ns, name])
    if (rowCount === 0) throw new MeshError('not_found', `${ns}/${name} names no discovery source; a card that its sidecar reads is read by itself`)
    await recordAudit(c.var.db.pool, { mesh: c.var.mesh, actor: caller.name, action: 'card.refresh', target: `${ns}/${name}`, result: 'ok' })
    return c.json({ asked: true }, 200)
  })

/** Each agent by its nearest skill. */
async function rankByMeaning(c: ApiContext, entries: RegistryEntry[], question: string): Promise<RegistryEntry[]> {
  const texts = entries.map((entry) => [`${entry.name}. ${entry.description}`, ...entry.capabilities.map((one) => `${one.name || one.id}. ${one.description}`)])
  const [asked, ...vectors] = await c.var.embedder.embed([question, ...texts.flat()])
  let at = 0
  return entries
    .map((entry, index) => {
      const own = vectors.slice(at, (at += texts[index]?.length ?? 0))
      return { ...entry, likeness: asked ? Math.max(...own.map((vector) => cosine(asked, vector))) : null }
    })
    .toSorted((a, b) => (b.likeness ?? -1) - (a.likeness ?? -1))
}

function graphOf(c: ApiContext, windowMs: number) {
  const to = new Date()
  return readGraph(c.var.db, c.var.mesh, { from: new Date(to.getTime() - windowMs), to, by: 'agent' })
}

const PeerRef = z.strictObject({ namespace: DnsLabel.default(NAMESPACE_DEFAULT), name: z.string().min(1).max(253) })
const seen = createRoute({ method: 'get', path: '/peers', tags, summary: 'Peers that were seen in traffic and that nobody registered, and who is blocked', request: { query: MeshQuery }, responses: ok(listOf(Peer), 'Peers') })
const decide = createRoute({
  method: 'put',
  path: '/peers',
  tags,
  summary: 'Block a peer: every sidecar refuses its identity; or take that back',
  request: { query: MeshQuery, ...jsonBody(PeerRef.extend({ decision: z.enum(['block', 'none']) })) },
  responses: ok(z.object({ id: z.string(), decision: z.enum(['block', 'none']) }), 'Decided'),
})

export const peers = newRoutes()
  .openapi(seen, async (c) => {
    requireRole(c, 'viewer')
    return c.json({ items: await readPeers(c.var.db, c.var.mesh, await graphOf(c, HOUR_MS)), metadata: { continue: null, resourceVersion: '0' } }, 200)
  })
  .openapi(decide, async (c) => {
    const caller = requireRole(c, 'operator')
    const { namespace, name, decision } = c.req.valid('json')
    const { db, mesh } = c.var
    const id = peerId(namespace, name)
    if (decision === 'block') await db.pool.query(`insert into peer_decision (mesh, peer, decision, by_whom) values ($1, $2, 'block', $3) on conflict (mesh, peer) do nothing`, [mesh, id, caller.name])
    else await db.pool.query('delete from peer_decision where mesh = $1 and peer = $2', [mesh, id])
    await recordAudit(db.pool, { mesh, actor: caller.name, action: `peer.${decision === 'block' ? 'block' : 'unblock'}`, target: id, result: 'ok', detail: {} })
    await notify(db.pool, 'instance', { mesh })
    return c.json({ id, decision }, 200)
  })
