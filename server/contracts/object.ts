import { z } from 'zod'
import { Agent, AgentVersion } from './agent.ts'
import { AuthorizationPolicy } from './authorization-policy.ts'
import { Gateway } from './gateway.ts'
import { HTTPRoute } from './http-route.ts'

/** Every kind an operator may read, with the plural that its API path and CLI use. One row a kind; nothing else lists them. */
export const KINDS = {
  Agent: { plural: 'agents', schema: Agent, readOnly: false },
  AgentVersion: { plural: 'agentversions', schema: AgentVersion, readOnly: true },
  HTTPRoute: { plural: 'httproutes', schema: HTTPRoute, readOnly: false },
  Gateway: { plural: 'gateways', schema: Gateway, readOnly: false },
  AuthorizationPolicy: { plural: 'authorizationpolicies', schema: AuthorizationPolicy, readOnly: false },
} as const

export type Kind = keyof typeof KINDS
export const Kind = z.enum(['Agent', 'AgentVersion', 'HTTPRoute', 'Gateway', 'AuthorizationPolicy'])

export const MeshObject = z.discriminatedUnion('kind', [Agent, AgentVersion, HTTPRoute, Gateway, AuthorizationPolicy])
export type MeshObject = z.infer<typeof MeshObject>

export const ObjectRef = z.strictObject({ kind: Kind, namespace: z.string(), name: z.string() })
export type ObjectRef = z.infer<typeof ObjectRef>

/** `HTTPRoute default/translator`: how a person and a log name an object; also its key in a map. */
export function describeRef(ref: ObjectRef): string {
  return `${ref.kind} ${ref.namespace}/${ref.name}`
}

export function refOf(object: MeshObject): ObjectRef {
  return { kind: object.kind, namespace: object.metadata.namespace, name: object.metadata.name }
}
