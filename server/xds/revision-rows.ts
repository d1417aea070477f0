// Whether a proxy has taken a revision: decided from what its stream holds, never guessed from time.
import type { z } from 'zod'
import { TYPE, type TypeUrl } from '../compile/names.ts'
import type { Snapshot } from '../compile/snapshot.ts'
import type { RefusedBy } from '../contracts/status.ts'
import type { Session } from './session.ts'
import { isWanted } from './subscription.ts'

/** A resource as a revision left it; version null is a removal. */
export interface Change {
  typeUrl: string
  name: string
  version: string | null
}

export type Refusal = z.infer<typeof RefusedBy>

export interface RevisionRow {
  revision: number
  state: 'pending' | 'accepted' | 'rejected' | 'superseded'
  changes: Change[]
  refusal: Refusal | null
  /** Opened for a proxy without a stream; void when it has one again by the time of writing. */
  orphan?: true
}

/** Removals that a proxy is told of at once. Clusters linger, endpoints and routes go with their owner: nobody waits for those. */
const PROMPT_REMOVAL: ReadonlySet<string> = new Set([TYPE.listener, TYPE.virtualHost])

/** Who owns a resource that is asked for by name: a cluster its endpoints, a listener its routes; both pairs share their name. */
const OWNER: Readonly<Record<string, string>> = { [TYPE.endpoints]: TYPE.cluster, [TYPE.routes]: TYPE.listener }

/** What differs between two snapshots. */
export function changesBetween(before: Snapshot, after: Snapshot): Change[] {
  const changes: Change[] = []
  if (before.resources === after.resources) return changes
  for (const [typeUrl, resources] of after.resources) {
    const old = before.resources.get(typeUrl)
    for (const [name, resource] of resources) if (old?.get(name)?.version !== resource.version) changes.push({ typeUrl, name, version: resource.version })
    if (!PROMPT_REMOVAL.has(typeUrl)) continue
    for (const name of old?.keys() ?? []) if (!resources.has(name)) changes.push({ typeUrl, name, version: null })
  }
  return changes
}

/** Only what the stream asked for, or will once it has the new owner. */
export function neededBy(session: Session, changes: readonly Change[]): Change[] {
  const owners = new Set(changes.map((change) => `${change.typeUrl} ${change.name}`))
  return changes.filter((change) => {
    const subscription = session.subscriptions.get(change.typeUrl)
    if (!subscription) return false
    return isWanted(subscription, change.name) || owners.has(`${OWNER[change.typeUrl]} ${change.name}`)
  })
}

/** Decides a pending row, or leaves it. `raw` is what the mesh wants the proxy to have, before anything refused was replaced. */
export function decideRow(row: RevisionRow, session: Session, raw: Snapshot | null, refusalOf: (change: Change) => Refusal | null): void {
  let superseded = false
  for (const change of row.changes) {
    const standing = standingOf(change, session, raw)
    if (standing === 'pending') return
    if (standing === 'refused') {
      row.state = 'rejected'
      row.refusal = refusalOf(change)
      return
    }
    superseded ||= standing === 'superseded'
  }
  row.state = superseded ? 'superseded' : 'accepted'
}

function standingOf(change: Change, session: Session, raw: Snapshot | null): 'taken' | 'pending' | 'refused' | 'superseded' {
  const subscription = session.subscriptions.get(change.typeUrl)
  const wanted = raw?.resources.get(change.typeUrl as TypeUrl)?.get(change.name)?.version ?? null
  if (!subscription) return 'pending'
  const held = subscription.held.get(change.name)?.version ?? null
  const refused = subscription.refused.get(change.name)?.version
  if (change.version !== null && change.version === refused) return 'refused'
  // A later version counts: it was made of this one.
  if (held === change.version || held === wanted) return 'taken'
  if (wanted !== null && wanted === refused) return 'superseded'
  if (subscription.inFlight || isWanted(subscription, change.name)) return 'pending'
  return ownerIsOut(change, session) ? 'taken' : 'pending'
}

/** A name that nobody asks for, because its owner went or was refused: nothing will be asked. */
function ownerIsOut(change: Change, session: Session): boolean {
  const owner = OWNER[change.typeUrl]
  if (!owner) return true
  return session.isSettled(owner) && !session.subscriptions.get(owner)?.held.has(change.name)
}
