// Delta xDS from what was kept. It never takes anything away, and what it has never seen it does not answer.
import { TYPE, type DeltaRequest, type DeltaResource, type DeltaResponse } from './xds-messages.ts'
import type { Resources } from './kept-config.ts'

interface Subscription {
  wildcard: boolean
  names: Set<string>
  /** What Envoy has, by name. */
  versions: Map<string, string>
}

/** One for each stream of Envoy. Envoy asks in its own order (clusters, endpoints, listeners, routes), which is the safe one. */
export function serveKept(resources: Resources): (request: DeltaRequest) => DeltaResponse | null {
  const subscriptions = new Map<string, Subscription>()
  let nonce = 0
  return (request) => {
    const { typeUrl, subscribe, unsubscribe } = request
    const first = !subscriptions.has(typeUrl)
    const subscription = subscriptions.get(typeUrl) ?? { wildcard: subscribe.length === 0, names: new Set<string>(), versions: new Map(request.initialVersions) }
    subscriptions.set(typeUrl, subscription)
    if (subscribe.includes('*')) subscription.wildcard = true
    for (const name of unsubscribe) {
      if (name === '*') subscription.wildcard = false
      subscription.names.delete(name)
      subscription.versions.delete(name)
    }
    for (const name of subscribe) {
      subscription.names.add(name)
      if (!first) subscription.versions.delete(name) // newly named is answered even when it was sent before
    }
    const found = [...(resources.get(typeUrl)?.values() ?? [])].filter((resource) => wants(subscription, typeUrl, resource) && subscription.versions.get(resource.name) !== resource.version)
    // A first wildcard request waits for an answer, be it an empty one; but a sidecar that has kept nothing at all knows nothing.
    const owed = first && (subscription.wildcard || typeUrl === TYPE.virtualHost) && resources.size > 0
    if (found.length === 0 && !owed) return null
    for (const resource of found) subscription.versions.set(resource.name, resource.version)
    return { typeUrl, nonce: `kept-${++nonce}`, resources: found, removed: [] }
  }
}

function wants(subscription: Subscription, typeUrl: string, resource: DeltaResource): boolean {
  if (subscription.wildcard || subscription.names.has(resource.name)) return true
  // VHDS subscribes to a route configuration's name for all of its hosts.
  return typeUrl === TYPE.virtualHost && subscription.names.has(resource.name.slice(0, resource.name.indexOf('/')))
}
