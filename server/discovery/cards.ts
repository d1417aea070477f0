// A card that came, from whichever source: kept when it differs from the one before, and the agent's capabilities follow it for as long as
// nobody wrote others.
import type { Agent, Capability } from '../contracts/agent.ts'
import { refOf } from '../contracts/object.ts'
import type { Db } from '../db/client.ts'
import { readMeshObject } from '../db/mesh-state.ts'
import { notify } from '../db/listen.ts'
import { inTransaction, type PoolClient } from '../db/pool.ts'
import { canonicalText } from '../mesh/change.ts'
import { digestOf, readA2aCard, type AgentCard } from './card.ts'
import { diffCards, type CardChange } from './card-diff.ts'
import type { Commit } from './register.ts'
import type { CardSignature } from './signature.ts'

export interface TakenCard {
  mesh: string
  namespace: string
  agent: string
  source: 'sidecar' | 'url' | 'mcp'
  url: string
  document: unknown
  card: AgentCard
  signature: CardSignature
}

/** Cards of one agent that are kept: the newest, with what each changed. */
export const CARDS_KEPT = 50
const ATTEMPTS = 3

/**
 * True when the card is new. Capabilities of the object change by a revision of their own, and before the card is kept: where that
 * fails, this throws and the next look at the card tries again.
 */
export async function takeCard(db: Db, commit: Commit, taken: TakenCard): Promise<boolean> {
  const before = await inTransaction(db.pool, (client) => lookAtCard(client, taken))
  if (before === 'same') return false
  await followCard(db, commit, taken, before)
  return inTransaction(db.pool, (client) => keepCard(client, taken))
}

interface KeptLast {
  number: number
  digest: string
  card: unknown
  form: string
}

/** `same` for a card that is kept already, or the one before it (null: this is the first). */
async function lookAtCard(client: PoolClient, taken: TakenCard): Promise<AgentCard | null | 'same'> {
  const { mesh, namespace, agent, source, url, document, signature } = taken
  const last = await readLast(client, taken)
  const digest = digestOf(document)
  if (last?.digest === digest) {
    await client.query('update agent_card set last_seen = now(), source = $5, url = $6, signature = $7 where mesh = $1 and namespace = $2 and agent = $3 and number = $4', [mesh, namespace, agent, last.number, source, url, JSON.stringify(signature)])
    return 'same'
  }
  if (source === 'sidecar' && (await isOfAnotherVersion(client, taken, digest))) return 'same'
  return last ? readKeptCard(last.form, last.card) : null
}

/** False when somebody else kept it meanwhile. */
async function keepCard(client: PoolClient, taken: TakenCard): Promise<boolean> {
  const { mesh, namespace, agent, source, url, document, card, signature } = taken
  const at = [mesh, namespace, agent]
  const last = await readLast(client, taken)
  const digest = digestOf(document)
  if (last?.digest === digest) return false
  const before = last ? readKeptCard(last.form, last.card) : null
  const changes: CardChange[] = before ? diffCards(before, card) : []
  const number = (last?.number ?? 0) + 1
  await client.query(
    `insert into agent_card (mesh, namespace, agent, number, source, url, form, digest, card, signature, changes) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [...at, number, source, url, card.form, digest, JSON.stringify(document), JSON.stringify(signature), JSON.stringify(changes)],
  )
  await client.query('delete from agent_card where mesh = $1 and namespace = $2 and agent = $3 and number <= $4', [...at, number - CARDS_KEPT])
  await notify(client, 'instance', { mesh }) // trust by signature is part of what is compiled
  return true
}

/** The newest card that is kept; nobody else keeps one of this agent before the transaction ends. */
async function readLast(client: PoolClient, { mesh, namespace, agent }: TakenCard): Promise<KeptLast | undefined> {
  const at = [mesh, namespace, agent]
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, 7))', [at.join('/')])
  const { rows } = await client.query<KeptLast>('select number, digest, card, form from agent_card where mesh = $1 and namespace = $2 and agent = $3 order by number desc limit 1', at)
  return rows[0]
}

/** Two versions that run side by side show their cards in turn; that is no change of either. */
async function isOfAnotherVersion(client: PoolClient, { mesh, namespace, agent }: TakenCard, digest: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `update agent_card set last_seen = now() where mesh = $1 and namespace = $2 and agent = $3 and digest = $4
       and (select count(distinct version) from instance where mesh = $1 and namespace = $2 and agent = $3) > 1`,
    [mesh, namespace, agent, digest],
  )
  return (rowCount ?? 0) > 0
}

/** A stored document as it was understood; null when it no longer reads as one. */
export function readKeptCard(form: string, document: unknown): AgentCard | null {
  try {
    return form === 'mcp' ? readKeptMcp(document) : readA2aCard(document)
  } catch {
    return null // written by another release
  }
}

function readKeptMcp(document: unknown): AgentCard {
  const { revision, server, tools } = document as { revision: string; server: { name: string; version: string }; tools: { name: string; title?: string; description?: string }[] } // written by readMcpServer
  const capabilities = tools.map((tool): Capability => ({ id: tool.name, name: tool.title ?? tool.name, description: tool.description ?? '', tags: [], examples: [], inputModes: [], outputModes: [] }))
  return { form: 'mcp', name: server.name, description: '', version: server.version, interfaces: [{ url: '', binding: 'MCP', protocolVersion: revision }], streaming: false, pushNotifications: false, security: [], capabilities, warnings: [] }
}

async function followCard(db: Db, commit: Commit, { mesh, namespace, agent: name, card, source }: TakenCard, before: AgentCard | null): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const agent = await readMeshObject(db, mesh, { kind: 'Agent', namespace, name })
    if (agent?.kind !== 'Agent' || !follows(agent, before)) return
    const after = { ...agent, spec: { ...agent.spec, capabilities: card.capabilities, description: agent.spec.description || card.description } }
    if (canonicalText(after.spec) === canonicalText(agent.spec)) return
    try {
      await commit({ mesh, author: `discovery of ${name}`, reason: `its ${source === 'mcp' ? 'tools' : 'card'} changed`, changes: [{ ref: refOf(agent), expected: Number(agent.metadata.resourceVersion), after }] })
      return
    } catch (error) {
      if (attempt === ATTEMPTS) throw error // somebody edits it at this very moment
    }
  }
}

/** Its capabilities are those of the card before, or none: no person wrote them. */
function follows({ spec, metadata }: Agent, before: AgentCard | null): boolean {
  if (metadata.managedBy) return false
  if (spec.capabilities.length === 0) return true
  const ids = (list: readonly Capability[]) => canonicalText(list.map(({ id, description }) => [id, description]))
  return before !== null && ids(spec.capabilities) === ids(before.capabilities)
}
