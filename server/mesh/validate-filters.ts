import type { HTTPRouteMatch, HTTPRouteRule, SessionPersistence } from '../contracts/http-route.ts'
import type { BackendFilter, Cors, HTTPRouteFilter, PathModifier, RequestRedirect } from '../contracts/route-filters.ts'
import { eachRepeated, type Says } from './finding.ts'

/** Filters of one rule, and how they go together. Mirrors are judged with the backends: they name agents too. */
export function validateFilters(rule: HTTPRouteRule, at: string, says: Says): void {
  for (const [index, filter] of rule.filters.entries()) validateFilter(filter, rule.matches, `${at}/filters/${index}`, says)
  const once = rule.filters.map((filter, index) => ({ type: filter.type, index })).filter(({ type }) => type !== 'RequestMirror')
  eachRepeated(once, ({ type }) => type, (_position, { type, index }) => says.problem(`${at}/filters/${index}/type`, 'repeated', `${type} may be there once a rule`))
  const redirects = rule.filters.some((filter) => filter.type === 'RequestRedirect')
  const rewrite = rule.filters.findIndex((filter) => filter.type === 'URLRewrite')
  if (redirects && rewrite >= 0) says.problem(`${at}/filters/${rewrite}`, 'filters_conflict', 'a call that is redirected goes nowhere from here, so there is nothing to rewrite')
  if (redirects && rule.backendRefs.length > 0) says.problem(`${at}/backendRefs`, 'filters_conflict', 'a rule that redirects sends nothing to a backend')
}

export function validateBackendFilters(filters: readonly BackendFilter[], at: string, says: Says): void {
  for (const [index, filter] of filters.entries()) validateHeaderEdit(filter, `${at}/${index}`, says)
  eachRepeated(filters, ({ type }) => type, (index, { type }) => says.problem(`${at}/${index}/type`, 'repeated', `${type} may be there once a backend`))
}

function validateFilter(filter: HTTPRouteFilter, matches: readonly HTTPRouteMatch[], at: string, says: Says): void {
  switch (filter.type) {
    case 'RequestHeaderModifier':
    case 'ResponseHeaderModifier':
      return validateHeaderEdit(filter, at, says)
    case 'RequestRedirect':
      return validateRedirect(filter.requestRedirect, matches, `${at}/requestRedirect`, says)
    case 'URLRewrite': {
      const { hostname, path } = filter.urlRewrite
      if (!hostname && !path) says.problem(`${at}/urlRewrite`, 'without_effect', 'this filter changes nothing')
      if (path) validatePathModifier(path, matches, `${at}/urlRewrite/path`, says)
      return
    }
    case 'CORS':
      return validateCors(filter.cors, `${at}/cors`, says)
    case 'RequestMirror':
      return says.warning(`${at}/requestMirror`, 'mirror_executes', 'each copy is carried out by the agent that gets it; only its answer is dropped')
  }
}

/** Headers that Envoy refuses to change, or that say who is calling. */
const NOT_EDITABLE = /^(host|content-length|transfer-encoding|connection|upgrade|te|trailer|keep-alive|proxy-.*|x-envoy-.*|x-forwarded-client-cert|:.*)$/i

function validateHeaderEdit(filter: BackendFilter, at: string, says: Says): void {
  const field = filter.type === 'RequestHeaderModifier' ? 'requestHeaderModifier' : 'responseHeaderModifier'
  const edit = filter.type === 'RequestHeaderModifier' ? filter.requestHeaderModifier : filter.responseHeaderModifier
  const named = [
    ...edit.set.map(({ name }, index) => ({ name, pointer: `${at}/${field}/set/${index}/name` })),
    ...edit.add.map(({ name }, index) => ({ name, pointer: `${at}/${field}/add/${index}/name` })),
    ...edit.remove.map((name, index) => ({ name, pointer: `${at}/${field}/remove/${index}` })),
  ]
  if (named.length === 0) says.problem(`${at}/${field}`, 'without_effect', 'this filter changes nothing')
  for (const { name, pointer } of named) if (NOT_EDITABLE.test(name)) says.problem(pointer, 'header_not_editable', `the header “${name}” belongs to the proxy`)
  eachRepeated(named, ({ name }) => name.toLowerCase(), (_index, { name, pointer }) => says.problem(pointer, 'repeated', `the header “${name}” is edited twice`))
}

function validateRedirect(redirect: RequestRedirect, matches: readonly HTTPRouteMatch[], at: string, says: Says): void {
  const { scheme, hostname, path, port } = redirect
  if (!scheme && !hostname && !path && !port) says.problem(at, 'without_effect', 'this would redirect every call to where it came from')
  if (path) validatePathModifier(path, matches, `${at}/path`, says)
}

function validatePathModifier(modifier: PathModifier, matches: readonly HTTPRouteMatch[], at: string, says: Says): void {
  const [field, value] = modifier.type === 'ReplaceFullPath' ? ['replaceFullPath', modifier.replaceFullPath] : ['replacePrefixMatch', modifier.replacePrefixMatch]
  if (value !== '' && !value.startsWith('/')) says.problem(`${at}/${field}`, 'wrong_format', 'a path begins with /')
  if (/[?#\s]/.test(value)) says.problem(`${at}/${field}`, 'wrong_format', 'a path has no “?”, “#” or blank; the query stays as it came')
  if (modifier.type === 'ReplacePrefixMatch' && (matches.length !== 1 || matches[0]?.path.type !== 'PathPrefix'))
    says.problem(at, 'needs_prefix_match', 'replacePrefixMatch needs a rule with one match, a PathPrefix')
}

function validateCors(cors: Cors, at: string, says: Says): void {
  if (cors.allowOrigins.length === 0) says.problem(`${at}/allowOrigins`, 'without_effect', 'name at least one origin; else no browser may read an answer')
  if (cors.allowCredentials && cors.allowHeaders.includes('*')) says.problem(`${at}/allowHeaders`, 'cors_wildcard', 'with credentials a browser takes “*” as a header’s name; list the headers')
  if (cors.allowCredentials && cors.exposeHeaders.includes('*')) says.problem(`${at}/exposeHeaders`, 'cors_wildcard', 'with credentials a browser takes “*” as a header’s name; list the headers')
  if (cors.allowCredentials && cors.allowOrigins.includes('*')) says.warning(`${at}/allowOrigins`, 'cors_any_origin', 'every site may call with its visitor’s credentials')
}

/** `split`: the rule's calls go to several backends. */
export function validateSession(session: SessionPersistence, split: boolean, at: string, says: Says): void {
  const { type, absoluteTimeout, cookieConfig } = session
  const permanent = cookieConfig?.lifetimeType === 'Permanent'
  if (type === 'Header' && cookieConfig) says.problem(`${at}/cookieConfig`, 'without_effect', 'a session by header has no cookie')
  if (absoluteTimeout && !permanent) says.problem(`${at}/absoluteTimeout`, 'without_effect', 'only a Permanent cookie has a lifetime')
  if (permanent && !absoluteTimeout) says.problem(`${at}/absoluteTimeout`, 'required', 'a Permanent cookie needs its lifetime')
  // Envoy picks the version before it makes the cookie: of 200 sessions over two versions, 108 had their second call with the other one.
  if (type === 'Cookie' && split) says.problem(at, 'session_first_call', 'the first call of a session has no cookie yet, so its second may go to another of these backends; between several backends use type: Header, with a header that the caller sends')
  else if (type === 'Cookie') says.warning(at, 'session_first_call', 'the first call of a session has no cookie yet, so the calls after it may go to another instance, or to another version where the agent has several; a header that the caller sends has no such gap')
}
