// From Envoy's words to the field of the object that a person can mend. Envoy names a resource, not a field; but its message about
// a regular expression quotes the part it could not read, and where exactly one value has that part, that value is meant.
import type { Resource } from '../compile/encode.ts'
import { TYPE } from '../compile/names.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { ObjectRef } from '../contracts/object.ts'
import { allRoutes, type AnyRoute } from '../mesh/any-route.ts'
import { findAgent, routesOfAgent } from '../mesh/reach.ts'
import { gatewaysOf, routesOfListener } from '../compile/gateway.ts'
import { gatewayName, OUTBOUND } from '../compile/names.ts'
import type { ProxyView } from '../contracts/mesh-state.ts'

export interface Culprit {
  object: ObjectRef | null
  /** RFC 6901 from the object's root; null where no single value explains the refusal. */
  pointer: string | null
}

/** What RE2 says, with the offending part after the colon. https://github.com/google/re2/blob/main/re2/re2.h (ErrorCode) */
const RE2_MESSAGE =
  /(invalid escape sequence|invalid character class|invalid character class range|missing ]|missing \)|unexpected \)|trailing \\|no argument for repetition operator|invalid repetition size|bad repetition operator|invalid perl operator|invalid UTF-8|invalid named capture group): (.*)$/m

export function findCulprit(state: MeshState, proxy: ProxyView, resource: Resource, reason: string): Culprit {
  const values = routesBehind(state, proxy, resource).flatMap(regularExpressions)
  const part = RE2_MESSAGE.exec(reason)?.[2]
  if (part === undefined) return { object: resource.object, pointer: null }
  const guilty = values.filter((one) => one.value.includes(part.trim()) || part.includes(one.value))
  const [only] = guilty
  if (guilty.length === 1 && only) return { object: only.object, pointer: only.pointer }
  const objects = new Set(guilty.map((one) => JSON.stringify(one.object)))
  return { object: objects.size === 1 && only ? only.object : resource.object, pointer: null }
}

/** The routes that a refused resource was made of. */
function routesBehind(state: MeshState, proxy: ProxyView, resource: Resource): readonly AnyRoute[] {
  if (resource.typeUrl === TYPE.virtualHost) {
    const [name = '', namespace = ''] = resource.name.slice(`${OUTBOUND}/`.length).split('.')
    const agent = findAgent(state, namespace, name)
    return agent ? routesOfAgent(state, agent) : []
  }
  if (resource.typeUrl !== TYPE.routes) return []
  if (resource.name === OUTBOUND) return [...allRoutes(state)]
  return gatewaysOf(state, proxy).flatMap((gateway) =>
    gateway.spec.listeners.filter((listener) => gatewayName(gateway.metadata.namespace, gateway.metadata.name, listener.name) === resource.name).flatMap((listener) => routesOfListener(state, gateway, listener)),
  )
}

function regularExpressions(route: AnyRoute): { object: ObjectRef; pointer: string; value: string }[] {
  const object: ObjectRef = { kind: route.kind, namespace: route.metadata.namespace, name: route.metadata.name }
  return route.spec.rules.flatMap((rule, i) =>
    rule.matches.flatMap((match, j) => {
      const at = `/spec/rules/${i}/matches/${j}`
      return [
        ...(match.path.type === 'RegularExpression' ? [{ object, pointer: route.kind === 'GRPCRoute' ? `${at}/method` : `${at}/path/value`, value: match.path.value }] : []),
        ...match.headers.flatMap((header, k) => (header.type === 'RegularExpression' ? [{ object, pointer: `${at}/headers/${k}/value`, value: header.value }] : [])),
        ...match.queryParams.flatMap((parameter, k) => (parameter.type === 'RegularExpression' ? [{ object, pointer: `${at}/queryParams/${k}/value`, value: parameter.value }] : [])),
      ]
    }),
  )
}
