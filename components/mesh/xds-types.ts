import type { Proxy } from '#server/contracts/status.ts'
import type { MarkState } from '#components/ui/StateMark.tsx'

type TypeState = 'synced' | 'pending' | 'rejected' | 'unsubscribed'

const SHORT: Record<string, string> = { Cluster: 'clusters', ClusterLoadAssignment: 'endpoints', Listener: 'listeners', RouteConfiguration: 'routes', VirtualHost: 'virtual hosts', Secret: 'secrets', ScopedRouteConfiguration: 'scoped routes', Runtime: 'runtime', TypedExtensionConfig: 'extensions' }

/** `type.googleapis.com/envoy.config.cluster.v3.Cluster` is “clusters”. */
export function describeType(typeUrl: string): string {
  const name = typeUrl.split('.').at(-1) ?? typeUrl
  return Object.hasOwn(SHORT, name) ? SHORT[name]! : name // it has it
}

export const TYPE_MARKS: Record<TypeState, MarkState> = { synced: 'ok', pending: 'warn', rejected: 'bad', unsubscribed: 'idle' }
export const PROXY_MARKS: Record<Proxy['state'], MarkState> = { synced: 'ok', pending: 'warn', rejected: 'bad', disconnected: 'idle' }
export const PROXY_WORDS: Record<Proxy['state'], string> = { synced: 'Synced', pending: 'Pending', rejected: 'Rejected', disconnected: 'Disconnected' }
