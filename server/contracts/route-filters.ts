// Filters of a route's rule or of one of its backends, as the Gateway API v1 has them (CORS from its experimental channel).
// https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter
import { z } from 'zod'
import { DnsLabel, ObjectName } from './ids.ts'
import { GROUP } from './meta.ts'

const TOKEN = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/
export const HeaderName = z.string().min(1).max(256).regex(TOKEN, 'a header name is an RFC 9110 token')
export const HTTPMethod = z.enum(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'])

/** Where a call, or a copy of it, goes. A port would do nothing: agents announce their own. */
export const BackendObject = z.strictObject({
  group: z.literal(GROUP).default(GROUP),
  kind: z.enum(['Agent', 'AgentVersion']).default('Agent'),
  namespace: DnsLabel.optional(),
  name: ObjectName,
  port: z.number().int().min(1).max(65535).optional(),
})
export type BackendObject = z.infer<typeof BackendObject>

const HeaderValue = z.strictObject({ name: HeaderName, value: z.string().min(1).max(4096) })
export const HeaderEdit = z.strictObject({
  set: z.array(HeaderValue).max(16).default([]),
  add: z.array(HeaderValue).max(16).default([]),
  remove: z.array(HeaderName).max(16).default([]),
})
export type HeaderEdit = z.infer<typeof HeaderEdit>

const Hostname = z.string().min(1).max(253).regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, 'a host name without wildcard')

export const PathModifier = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ReplaceFullPath'), replaceFullPath: z.string().max(1024) }),
  z.strictObject({ type: z.literal('ReplacePrefixMatch'), replacePrefixMatch: z.string().max(1024) }),
])
export type PathModifier = z.infer<typeof PathModifier>

export const RequestRedirect = z.strictObject({
  scheme: z.enum(['http', 'https']).optional(),
  hostname: Hostname.optional(),
  path: PathModifier.optional(),
  port: z.number().int().min(1).max(65535).optional(),
  statusCode: z.union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)]).default(302),
})
export type RequestRedirect = z.infer<typeof RequestRedirect>

export const RequestMirror = z
  .strictObject({
    backendRef: BackendObject,
    percent: z.number().int().min(0).max(100).optional(),
    fraction: z.strictObject({ numerator: z.number().int().min(0), denominator: z.number().int().min(1).default(100) }).optional(),
  })
  .refine(({ percent, fraction }) => percent === undefined || fraction === undefined, 'either percent or fraction, not both')
  .refine(({ fraction }) => !fraction || fraction.numerator <= fraction.denominator, { path: ['fraction', 'numerator'], message: 'at most the denominator' })
export type RequestMirror = z.infer<typeof RequestMirror>

/** `https://*.example.com` and `*` are patterns; everything else is exact. */
const Origin = z.string().max(253).regex(/^\*$|^https?:\/\/((\*\.)?([a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+|\*)(:[0-9]{1,5})?$/, 'an origin such as https://console.example.com, https://*.example.com or *')
const HeaderNameOrAny = z.string().min(1).max(256).regex(TOKEN)
export const Cors = z.strictObject({
  allowOrigins: z.array(Origin).max(64).default([]),
  allowCredentials: z.boolean().default(false),
  allowMethods: z.array(z.union([HTTPMethod, z.literal('*')])).max(9).default([]),
  allowHeaders: z.array(HeaderNameOrAny).max(64).default([]),
  exposeHeaders: z.array(HeaderNameOrAny).max(64).default([]),
  /** Seconds. */
  maxAge: z.number().int().min(1).default(5),
})
export type Cors = z.infer<typeof Cors>

const RequestHeaders = z.strictObject({ type: z.literal('RequestHeaderModifier'), requestHeaderModifier: HeaderEdit })
const ResponseHeaders = z.strictObject({ type: z.literal('ResponseHeaderModifier'), responseHeaderModifier: HeaderEdit })
const Mirror = z.strictObject({ type: z.literal('RequestMirror'), requestMirror: RequestMirror })

export const HTTPRouteFilter = z.discriminatedUnion('type', [
  RequestHeaders,
  ResponseHeaders,
  Mirror,
  z.strictObject({ type: z.literal('RequestRedirect'), requestRedirect: RequestRedirect }),
  z.strictObject({ type: z.literal('URLRewrite'), urlRewrite: z.strictObject({ hostname: Hostname.optional(), path: PathModifier.optional() }) }),
  z.strictObject({ type: z.literal('CORS'), cors: Cors }),
])
export type HTTPRouteFilter = z.infer<typeof HTTPRouteFilter>

export const GRPCRouteFilter = z.discriminatedUnion('type', [RequestHeaders, ResponseHeaders, Mirror])

/** Filters of one backend of a rule: what goes to it, and what comes back from it. */
export const BackendFilter = z.discriminatedUnion('type', [RequestHeaders, ResponseHeaders])
export type BackendFilter = z.infer<typeof BackendFilter>
