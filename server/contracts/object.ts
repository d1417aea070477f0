import { z } from 'zod'
import { Agent, AgentVersion } from './agent.ts'
import { AgentRoute } from './agent-route.ts'
import { AuthorizationPolicy } from './authorization-policy.ts'
import { EgressPolicy } from './egress-policy.ts'
import { ExternalService } from './external-service.ts'
import { Gateway } from './gateway.ts'
import { GRPCRoute } from './grpc-route.ts'
import { HealthProbe } from './health-probe.ts'
import { HTTPRoute } from './http-route.ts'
import { Objective } from './objective.ts'
import { PeerAuthentication } from './peer-authentication.ts'
import { TrafficPolicy } from './traffic-policy.ts'

/** Every kind an operator may read, with the plural that its API path and CLI use. One row a kind; nothing else lists them. */
export const KINDS = {
  Agent: { plural: 'agents', schema: Agent, readOnly: false },
  AgentVersion: { plural: 'agentversions', schema: AgentVersion, readOnly: true },
  HTTPRoute: { plural: 'httproutes', schema: HTTPRoute, readOnly: false },
  GRPCRoute: { plural: 'grpcroutes', schema: GRPCRoute, readOnly: false },
  Gateway: { plural: 'gateways', schema: Gateway, readOnly: false },
  AuthorizationPolicy: { plural: 'authorizationpolicies', schema: AuthorizationPolicy, readOnly: false },
  PeerAuthentication: { plural: 'peerauthentications', schema: PeerAuthentication, readOnly: false },
  TrafficPolicy: { plural: 'trafficpolicies', schema: TrafficPolicy, readOnly: false },
  AgentRoute: { plural: 'agentroutes', schema: AgentRoute, readOnly: false },
  HealthProbe: { plural: 'healthprobes', schema: HealthProbe, readOnly: false },
  ExternalService: { plural: 'externalservices', schema: ExternalService, readOnly: false },
  EgressPolicy: { plural: 'egresspolicies', schema: EgressPolicy, readOnly: false },
  Objective: { plural: 'objectives', schema: Objective, readOnly: false },
} as const

export type Kind = keyof typeof KINDS
export const Kind = z.enum(['Agent', 'AgentVersion', 'HTTPRoute', 'GRPCRoute', 'Gateway', 'AuthorizationPolicy', 'PeerAuthentication', 'TrafficPolicy', 'AgentRoute', 'HealthProbe', 'ExternalService', 'EgressPolicy', 'Objective'])

export const MeshObject = z.discriminatedUnion('kind', [Agent, AgentVersion, HTTPRoute, GRPCRoute, Gateway, AuthorizationPolicy, PeerAuthentication, TrafficPolicy, AgentRoute, HealthProbe, ExternalService, EgressPolicy, Objective])
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
