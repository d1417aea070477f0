// The Gateway API's HTTPRoute v1, the part that this release serves: every field here takes effect, an unknown one is
// refused. Field rules: https://gateway-api.sigs.k8s.io/reference/spec/#httproute
import { z } from 'zod'
import { DnsLabel, ObjectName } from './ids.ts'
import { GATEWAY_API, GROUP, ObjectMeta } from './meta.ts'
import { BackendFilter, BackendObject, HeaderName, HTTPMethod, HTTPRouteFilter } from './route-filters.ts'

export const WEIGHT_MAX = 1_000_000

/** GEP-2257: `1h2m3s4ms`, each unit at most once in order, five digits each. */
export const Duration = z.string().regex(/^([0-9]{1,5}(h|m|s|ms)){1,4}$/, 'a duration such as 30s, 1m30s or 250ms (GEP-2257)')

export const ParentRef = z.strictObject({
  group: z.enum([GROUP, 'gateway.networking.k8s.io']).default(GROUP),
  kind: z.enum(['Agent', 'Gateway']).default('Agent'),
  namespace: DnsLabel.optional(),
  name: ObjectName,
  sectionName: z.string().max(253).optional(),
  port: z.number().int().min(1).max(65535).optional(),
})
export type ParentRef = z.infer<typeof ParentRef>

export const PathMatch = z
  .strictObject({
    type: z.enum(['Exact', 'PathPrefix', 'RegularExpression']).default('PathPrefix'),
    value: z.string().min(1).max(1024).default('/'),
  })
  .refine((path) => path.type === 'RegularExpression' || path.value.startsWith('/'), { path: ['value'], message: 'a path begins with /' })
export type PathMatch = z.infer<typeof PathMatch>

export const ValueMatch = (name: z.ZodType<string>) =>
  z.strictObject({ type: z.enum(['Exact', 'RegularExpression']).default('Exact'), name, value: z.string().min(1).max(4096) })

export const HTTPRouteMatch = z.strictObject({
  path: PathMatch.default({ type: 'PathPrefix', value: '/' }),
  headers: z.array(ValueMatch(HeaderName)).max(16).default([]),
  queryParams: z.array(ValueMatch(z.string().min(1).max(256))).max(16).default([]),
  method: HTTPMethod.optional(),
})
export type HTTPRouteMatch = z.infer<typeof HTTPRouteMatch>

export const BackendRef = BackendObject.extend({
  weight: z.number().int().min(0).max(WEIGHT_MAX).default(1),
  filters: z.array(BackendFilter).max(2).default([]),
})
export type BackendRef = z.infer<typeof BackendRef>

export const RuleName = z.string().max(253).regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/)

/** Keeps a session with one version and one instance: by a header that the caller sends, or by a cookie that the proxy sets. */
export const SessionPersistence = z.strictObject({
  sessionName: z.string().min(1).max(128).regex(/^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/, 'a header or cookie name is an RFC 9110 token'),
  type: z.enum(['Cookie', 'Header']).default('Cookie'),
  /** Of the cookie; without it the cookie lives as long as the browser. */
  absoluteTimeout: Duration.optional(),
  cookieConfig: z.strictObject({ lifetimeType: z.enum(['Permanent', 'Session']).default('Session') }).optional(),
})
export type SessionPersistence = z.infer<typeof SessionPersistence>

export const HTTPRouteRule = z.strictObject({
  name: RuleName.optional(),
  matches: z.array(HTTPRouteMatch).min(1).max(64).default([{ path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] }]),
  filters: z.array(HTTPRouteFilter).max(16).default([]),
  backendRefs: z.array(BackendRef).max(16).default([]),
  /** Both may be left out; then a call lives as long as its stream. `0s` is no limit, as the Gateway API says. */
  timeouts: z.strictObject({ request: Duration.optional(), backendRequest: Duration.optional() }).optional(),
  retry: z
    .strictObject({ codes: z.array(z.number().int().min(400).max(599)).max(16).default([]), attempts: z.number().int().min(0).max(10).default(1), backoff: Duration.optional() })
    .optional(),
  sessionPersistence: SessionPersistence.optional(),
})
export type HTTPRouteRule = z.infer<typeof HTTPRouteRule>

export const HostnamePattern = z.string().min(1).max(253).regex(/^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, 'a host name, perhaps with a leading *. label')

export const HTTPRouteSpec = z.strictObject({
  parentRefs: z.array(ParentRef).min(1).max(32),
  hostnames: z.array(HostnamePattern).max(16).default([]),
  rules: z.array(HTTPRouteRule).min(1).max(16),
})
export type HTTPRouteSpec = z.infer<typeof HTTPRouteSpec>

export const HTTPRoute = z.strictObject({
  apiVersion: z.literal(GATEWAY_API),
  kind: z.literal('HTTPRoute'),
  metadata: ObjectMeta,
  spec: HTTPRouteSpec,
  status: z.unknown().optional(),
})
export type HTTPRoute = z.infer<typeof HTTPRoute>
