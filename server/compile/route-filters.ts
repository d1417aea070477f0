// Filters of the Gateway API → fields of one Envoy route, each as the specification words it.
// https://gateway-api.sigs.k8s.io/reference/spec/#httproutefilter
import type { PathMatch } from '../contracts/http-route.ts'
import type { Cors, HTTPRouteFilter, HeaderEdit, PathModifier, RequestMirror, RequestRedirect } from '../contracts/route-filters.ts'
import type { Json } from './encode.ts'
import { typeUrl } from './names.ts'

export const CORS_FILTER = 'heddle.cors'

export function corsFilter(): Json {
  return { name: CORS_FILTER, typed_config: { '@type': typeUrl('envoy.extensions.filters.http.cors.v3.Cors') } }
}

/** `request_headers_to_add` and its three siblings, of a route or of one weighted cluster. */
export function headerEdits(filters: readonly HTTPRouteFilter[]): Json {
  const edits: Json = {}
  for (const filter of filters) {
    if (filter.type === 'RequestHeaderModifier') Object.assign(edits, editsOf('request', filter.requestHeaderModifier))
    if (filter.type === 'ResponseHeaderModifier') Object.assign(edits, editsOf('response', filter.responseHeaderModifier))
  }
  return edits
}

function editsOf(side: 'request' | 'response', edit: HeaderEdit): Json {
  const added = [...edit.set.map((header) => headerValue(header, 'OVERWRITE_IF_EXISTS_OR_ADD')), ...edit.add.map((header) => headerValue(header, 'APPEND_IF_EXISTS_OR_ADD'))]
  return {
    ...(added.length > 0 ? { [`${side}_headers_to_add`]: added } : {}),
    ...(edit.remove.length > 0 ? { [`${side}_headers_to_remove`]: edit.remove } : {}),
  }
}

/** A percent sign begins a command in Envoy's header values; ours are plain text. */
function headerValue(header: { name: string; value: string }, append_action: string): Json {
  return { header: { key: header.name, value: header.value.replaceAll('%', '%%') }, append_action }
}

const REDIRECT_CODE = { 301: 'MOVED_PERMANENTLY', 302: 'FOUND', 303: 'SEE_OTHER', 307: 'TEMPORARY_REDIRECT', 308: 'PERMANENT_REDIRECT' } as const
const WELL_KNOWN_PORT = { http: 80, https: 443 } as const

export function compileRedirect(redirect: RequestRedirect, path: PathMatch): Json {
  const { scheme, hostname, port, statusCode } = redirect
  // The well-known port of the scheme is left out of Location.
  const redundant = scheme && port === WELL_KNOWN_PORT[scheme]
  return {
    ...(scheme ? { scheme_redirect: scheme } : {}),
    ...(hostname ? { host_redirect: hostname } : {}),
    ...(port && !redundant ? { port_redirect: port } : {}),
    ...(redirect.path ? (redirect.path.type === 'ReplaceFullPath' ? { path_redirect: redirect.path.replaceFullPath || '/' } : compilePathRewrite(redirect.path, path)) : {}),
    response_code: REDIRECT_CODE[statusCode],
  }
}

/** Of a route action or a redirect. A prefix is replaced by whole path segments: `/foo` → `/` makes `/bar` of `/foo/bar`, not `//bar`. */
export function compilePathRewrite(modifier: PathModifier, path: PathMatch): Json {
  if (modifier.type === 'ReplaceFullPath') return regexRewrite('^/.*$', modifier.replaceFullPath || '/')
  const prefix = withoutSlash(path.value)
  const replacement = withoutSlash(modifier.replacePrefixMatch)
  if (replacement === '') return prefix === '' ? {} : regexRewrite(`^${escapeRe2(prefix)}/*`, '/')
  return prefix === '' ? regexRewrite('^/', `${replacement}/`) : { prefix_rewrite: replacement }
}

export function compileRewrite(filters: readonly HTTPRouteFilter[], path: PathMatch): Json {
  const rewrite = filters.find((filter) => filter.type === 'URLRewrite')?.urlRewrite
  if (!rewrite) return {}
  return { ...(rewrite.hostname ? { host_rewrite_literal: rewrite.hostname } : {}), ...(rewrite.path ? compilePathRewrite(rewrite.path, path) : {}) }
}

/** Share of the calls that are copied, from 0 to 1. */
export function mirrorShare({ percent, fraction }: RequestMirror): number {
  if (fraction) return fraction.numerator / fraction.denominator
  return (percent ?? 100) / 100
}

/** A copy keeps its Host: the callee cannot tell it from a call, except by what the route adds. */
export function compileMirror(cluster: string, share: number): Json {
  return { cluster, disable_shadow_host_suffix_append: true, runtime_fraction: { default_value: { numerator: Math.round(share * 1_000_000), denominator: 'MILLION' } } }
}

/** For `typed_per_filter_config`; a browser's preflight is answered here, and never reaches the agent. */
export function compileCors(cors: Cors): Json {
  const methods = cors.allowMethods.includes('*') ? ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'] : cors.allowMethods
  return {
    '@type': typeUrl('envoy.extensions.filters.http.cors.v3.CorsPolicy'),
    allow_origin_string_match: cors.allowOrigins.map(originMatch),
    ...(methods.length > 0 ? { allow_methods: methods.join(', ') } : {}),
    ...(cors.allowHeaders.length > 0 ? { allow_headers: cors.allowHeaders.join(', ') } : {}),
    ...(cors.exposeHeaders.length > 0 ? { expose_headers: cors.exposeHeaders.join(', ') } : {}),
    max_age: String(cors.maxAge),
    allow_credentials: cors.allowCredentials,
    forward_not_matching_preflights: false,
  }
}

function originMatch(origin: string): Json {
  if (origin === '*' || !origin.includes('*')) return { exact: origin }
  return { safe_regex: { regex: escapeRe2(origin).replace('\\*', '[^/:]+') } }
}

function regexRewrite(regex: string, substitution: string): Json {
  return { regex_rewrite: { pattern: { regex }, substitution: substitution.replaceAll('\\', '\\\\') } }
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '')
}

/** For a regular expression that matches this text alone. */
export function escapeRe2(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
