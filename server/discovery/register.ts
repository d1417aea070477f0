// A sidecar of an agent, or of a version, that the mesh does not know yet: both become objects by a revision.
import { Agent, AgentVersion } from '../contracts/agent.ts'
import { MeshError } from '../contracts/errors.ts'
import { agentVersionName } from '../contracts/ids.ts'
import { HEDDLE_API } from '../contracts/meta.ts'
import { refOf, type MeshObject } from '../contracts/object.ts'
import type { Db } from '../db/client.ts'
import type { ObjectChange } from '../mesh/change.ts'
import type { AgentCard } from './card.ts'

/** `commitChange` behind an input: what knows who is there does not know how a revision is made. */
export type Commit = (commit: { mesh: string; author: string; reason: string; changes: ObjectChange[] }) => Promise<unknown>

export interface Announced {
  mesh: string
  namespace: string
  agent: string
  version: string
  proxyId: string
  /** The agent's own card; null when it shows none that can be read. */
  card?: AgentCard | null
}

const ATTEMPTS = 3
let queue: Promise<unknown> = Promise.resolve()

/** Two replicas that start together make one agent: registrations of this process wait for each other, those of others are seen on the next try. */
export function registerVersion(db: Db, commit: Commit, announced: Announced): Promise<void> {
  const turn = queue.then(() => registerNow(db, commit, announced))
  queue = turn.catch(() => {}) // its caller hears of it
  return turn
}

async function registerNow(db: Db, commit: Commit, announced: Announced): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const missing = await missingObjects(db, announced)
    if (missing.length === 0) return
    const { mesh, agent, version, proxyId } = announced
    try {
      const changes = missing.map((after): ObjectChange => ({ ref: refOf(after), expected: null, after }))
      await commit({ mesh, author: `sidecar ${proxyId}`, reason: `the first instance of ${agent} ${version} joined`, changes })
      return
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
    }
  }
}

/** Throws `conflict` when the version's name means another version already: `search` `tools-v1` and `search-tools` `v1` have one name. */
async function missingObjects(db: Db, announced: Announced): Promise<MeshObject[]> {
  const { mesh, namespace, agent, version } = announced
  const name = agentVersionName(agent, version)
  const { rows } = await db.pool.query<{ kind: string; spec: { agent?: string; version?: string } }>(
    `select kind, spec from object where mesh = $1 and namespace = $2 and ((kind = 'Agent' and name = $3) or (kind = 'AgentVersion' and name = $4))`,
    [mesh, namespace, agent, name],
  )
  const known = new Set(rows.map((row) => row.kind))
  const taken = rows.find((row) => row.kind === 'AgentVersion')?.spec
  if (taken && (taken.agent !== agent || taken.version !== version))
    throw new MeshError('conflict', `the version ${version} of ${agent} would be called ${name}, which is ${taken.agent} ${taken.version} already; give this version another name`)
  const missing: MeshObject[] = []
  if (!known.has('Agent')) missing.push(agentFrom(announced))
  if (!known.has('AgentVersion'))
    missing.push(AgentVersion.parse({ apiVersion: HEDDLE_API, kind: 'AgentVersion', metadata: { name, namespace }, spec: { agent, version } }))
  return missing
}

/** An agent that serves a card speaks A2A, and says what it can do. */
function agentFrom({ namespace, agent, card }: Announced): Agent {
  return Agent.parse({
    apiVersion: HEDDLE_API,
    kind: 'Agent',
    metadata: { name: agent, namespace },
    spec: card ? { protocol: 'a2a', description: card.description, capabilities: card.capabilities } : { protocol: 'http' },
  })
}
