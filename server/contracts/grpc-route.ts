// The Gateway API's GRPCRoute v1. https://gateway-api.sigs.k8s.io/reference/spec/#grpcroute
import { z } from 'zod'
import { BackendRef, HostnamePattern, ParentRef, RuleName, SessionPersistence, ValueMatch } from './http-route.ts'
import { GATEWAY_API, ObjectMeta } from './meta.ts'
import { GRPCRouteFilter, HeaderName } from './route-filters.ts'

/** A gRPC service with its package (`helloworld.Greeter`) and a method of it; at least one of the two. */
export const GRPCMethodMatch = z
  .strictObject({
    type: z.enum(['Exact', 'RegularExpression']).default('Exact'),
    service: z.string().max(1024).optional(),
    method: z.string().max(1024).optional(),
  })
  .refine(({ service, method }) => Boolean(service) || Boolean(method), 'name a service, a method or both')
  .refine(({ type, service }) => type !== 'Exact' || !service || /^(?=.*[A-Za-z])[A-Za-z0-9._-]+$/.test(service), { path: ['service'], message: 'a service is letters, digits, dots, “-” and “_”' })
  .refine(({ type, method }) => type !== 'Exact' || !method || /^[A-Za-z_][A-Za-z_0-9]*$/.test(method), { path: ['method'], message: 'a method is letters, digits and “_”' })

export const GRPCRouteMatch = z.strictObject({
  method: GRPCMethodMatch.optional(),
  headers: z.array(ValueMatch(HeaderName)).max(16).default([]),
})
export type GRPCRouteMatch = z.infer<typeof GRPCRouteMatch>

export const GRPCRouteRule = z.strictObject({
  name: RuleName.optional(),
  matches: z.array(GRPCRouteMatch).min(1).max(64).default([{ headers: [] }]),
  filters: z.array(GRPCRouteFilter).max(16).default([]),
  backendRefs: z.array(BackendRef).max(16).default([]),
  sessionPersistence: SessionPersistence.optional(),
})
export type GRPCRouteRule = z.infer<typeof GRPCRouteRule>

export const GRPCRoute = z.strictObject({
  apiVersion: z.literal(GATEWAY_API),
  kind: z.literal('GRPCRoute'),
  metadata: ObjectMeta,
  spec: z.strictObject({
    parentRefs: z.array(ParentRef).min(1).max(32),
    hostnames: z.array(HostnamePattern).max(16).default([]),
    rules: z.array(GRPCRouteRule).min(1).max(16),
  }),
  status: z.unknown().optional(),
})
export type GRPCRoute = z.infer<typeof GRPCRoute>
