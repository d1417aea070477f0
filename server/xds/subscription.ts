// One resource type on one stream: what the client asked for, what it holds, what it refused, what is on its way.
import { createHash } from 'node:crypto'
import type { Resource } from '../compile/encode.ts'
import { TYPE, type TypeUrl } from '../compile/names.ts'
import type { AdsRequest, Variant } from './wire.ts'

/** Types whose SotW responses are the whole state: what is missing is deleted. Delta sends only what differs, for all types. */
export const WHOLE_STATE: ReadonlySet<string> = new Set([TYPE.cluster, TYPE.listener])

/** A bad resource in these takes its neighbours of the response with it in no useful order: one a response, until a proxy of the build has taken it. */
export const ONE_BY_ONE: ReadonlySet<string> = new Set([TYPE.endpoints, TYPE.routes, TYPE.virtualHost])

export type Target = ReadonlyMap<string, Resource>

export interface InFlight {
  nonce: string
  resources: Resource[]
  removed: string[]
}

export interface Subscription {
  typeUrl: string
  wildcard: boolean
  names: Set<string>
  /** SotW: something was named, be it `*`; from then on an empty list is nothing. */
  named: boolean
  /** Version and, where this stream sent it, content of what the client has. */
  held: Map<string, { version: string; resource: Resource | null }>
  refused: Map<string, { version: string; reason: string }>
  inFlight: InFlight | null
  /** To be sent again although held: a new subscription, or endpoints after their cluster changed. */
  again: Set<string>
  /** Subscribed names that do not exist, already said so (delta). */
  absent: Set<string>
  /** After a refusal that named nobody, these are tried alone. */
  alone: Set<string>
  /** Since when (performance.now) it waits for what others try; null while it does not. */
  waitsSince: number | null
  /** The first request of a type gets an answer, if only an empty one. */
  answered: boolean
}

/** What was sent of a resource, or what a client said of it. */
export interface Verdict {
  typeUrl: string
  name: string
  /** Null is a removal. */
  version: string | null
  resource: Resource | null
}

export function openSubscription(request: AdsRequest, variant: Variant): Subscription {
  const subscription: Subscription = {
    typeUrl: request.typeUrl,
    wildcard: request.subscribe.length === 0,
    names: new Set(),
    named: false,
    held: new Map(),
    refused: new Map(),
    inFlight: null,
    again: new Set(),
    absent: new Set(),
    alone: new Set(),
    waitsSince: null,
    answered: false,
  }
  for (const [name, version] of Object.entries(request.initialVersions)) subscription.held.set(name, { version, resource: null })
  if (variant === 'delta') applyDeltaNames(subscription, request)
  else applyWholeNames(subscription, request.subscribe)
  // A name that comes with its version is held, not new.
  for (const name of Object.keys(request.initialVersions)) subscription.again.delete(name)
  return subscription
}

/** https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#how-the-client-specifies-what-resources-to-return */
export function applyDeltaNames(subscription: Subscription, request: Pick<AdsRequest, 'subscribe' | 'unsubscribe'>): void {
  for (const name of request.subscribe) {
    if (name === '*') subscription.wildcard = true
    else {
      subscription.names.add(name)
      subscription.again.add(name) // asked anew is answered anew
      subscription.absent.delete(name)
    }
  }
  for (const name of request.unsubscribe) {
    if (name === '*') {
      subscription.wildcard = false
      for (const held of [...subscription.held.keys()]) if (!subscription.names.has(held)) forget(subscription, held)
    } else {
      const wasNamed = subscription.names.delete(name)
      if (!subscription.wildcard) forget(subscription, name)
      else if (wasNamed) subscription.held.set(name, { version: '', resource: null }) // the client cannot tell whether `*` has it: it is told, one way or the other
    }
  }
}

/** SotW says the whole list each time. An empty list is everything, but only until the first name was said. */
export function applyWholeNames(subscription: Subscription, names: readonly string[]): void {
  const explicit = new Set(names.filter((name) => name !== '*'))
  if (names.length > 0) subscription.named = true
  if (subscription.named) subscription.wildcard = names.includes('*')
  for (const name of explicit) {
    if (subscription.names.has(name)) continue
    subscription.again.add(name)
    subscription.absent.delete(name)
  }
  subscription.names = explicit
  if (subscription.wildcard) return
  for (const known of [subscription.held, subscription.refused, subscription.again]) for (const name of known.keys()) if (!explicit.has(name)) forget(subscription, name)
}

function forget(subscription: Subscription, name: string): void {
  subscription.held.delete(name)
  subscription.refused.delete(name)
  subscription.again.delete(name)
  subscription.absent.delete(name)
}

export function isWanted(subscription: Subscription, name: string): boolean {
  return subscription.wildcard || subscription.names.has(name)
}

/** What the client should be sent: wanted, not held in this version, and not refused in this version. */
export function dueResources(subscription: Subscription, target: Target): Resource[] {
  const { wildcard, names, held, refused, again } = subscription
  const due: Resource[] = []
  const look = (resource: Resource | undefined) => {
    if (!resource || refused.get(resource.name)?.version === resource.version) return
    if (held.get(resource.name)?.version !== resource.version || again.has(resource.name)) due.push(resource)
  }
  if (wildcard) for (const resource of target.values()) look(resource)
  else for (const name of names) look(target.get(name))
  return due
}

/** Held by a wildcard, and no longer there. */
export function goneNames({ held }: Subscription, target: Target): string[] {
  const gone: string[] = []
  for (const name of held.keys()) if (!target.has(name)) gone.push(name)
  return gone.sort()
}

/** Named, never there, and not yet said so. */
export function absentNames({ names, held, absent }: Subscription, target: Target): string[] {
  const missing: string[] = []
  for (const name of names) if (!target.has(name) && !held.has(name) && !absent.has(name)) missing.push(name)
  return missing.sort()
}

/** True when nothing more is to be sent or waited for, removals aside. */
export function isSettled(subscription: Subscription, target: Target): boolean {
  return subscription.inFlight === null && dueResources(subscription, target).length === 0
}

export function verdict(subscription: Subscription, resource: Resource): Verdict {
  return { typeUrl: subscription.typeUrl, name: resource.name, version: resource.version, resource }
}

/** One text for a whole state, so that a SotW client that comes back with it needs nothing. */
export function stateVersion(entries: Iterable<readonly [string, string]>): string {
  const lines = [...entries].map(([name, version]) => `${name} ${version}`).sort()
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16)
}

export type { TypeUrl }
