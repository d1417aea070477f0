// What a route's filters make of a path, as the callee sees it.
import type { PathMatch } from '../contracts/http-route.ts'
import type { HTTPRouteFilter, PathModifier, RequestRedirect } from '../contracts/route-filters.ts'
import { splitPath } from './match.ts'

export interface Rewritten {
  host: string
  path: string
}

export function rewriteRequest(filters: readonly HTTPRouteFilter[], matched: PathMatch, request: Rewritten): Rewritten {
  const rewrite = filters.find((filter) => filter.type === 'URLRewrite')?.urlRewrite
  if (!rewrite) return request
  return { host: rewrite.hostname ?? request.host, path: rewrite.path ? modifyPath(rewrite.path, matched, request.path) : request.path }
}

/** The Location header. */
export function redirectTo(redirect: RequestRedirect, matched: PathMatch, request: Rewritten): string {
  const scheme = redirect.scheme ?? 'http'
  const [name = '', port] = request.host.split(':')
  const wellKnown = redirect.scheme === 'https' ? 443 : 80
  const newPort = redirect.port && !(redirect.scheme && redirect.port === wellKnown) ? `:${redirect.port}` : ''
  const host = redirect.hostname ?? (redirect.port && newPort ? name : port ? request.host : name)
  return `${scheme}://${host}${newPort}${redirect.path ? modifyPath(redirect.path, matched, request.path) : request.path}`
}

export function modifyPath(modifier: PathModifier, matched: PathMatch, path: string): string {
  const { pathname, search } = splitPath(path)
  if (modifier.type === 'ReplaceFullPath') return (modifier.replaceFullPath || '/') + search
  const prefix = matched.value.replace(/\/+$/, '')
  const replacement = modifier.replacePrefixMatch.replace(/\/+$/, '')
  if (prefix === '' && replacement === '') return path
  const rest = pathname.slice(prefix.length)
  if (replacement === '') return `/${rest.replace(/^\/+/, '')}${search}`
  return (prefix === '' ? `${replacement}/${rest.replace(/^\//, '')}` : `${replacement}${rest}`) + search
}

/**
 * The path as the callee's sidecar reads it: `.` and `..` resolved, slashes merged. Null for a path with an escaped slash, which
 * it refuses with 400.
 */
export function normalizePath(path: string): string | null {
  const { pathname, search } = splitPath(path)
  if (/%2f|%5c/i.test(pathname)) return null
  const segments: string[] = []
  const parts = pathname.replaceAll(/%2e/gi, '.').replaceAll('\\', '/').split('/').slice(1)
  for (const [index, part] of parts.entries()) {
    if (part === '..') segments.pop()
    else if (part !== '.') segments.push(part)
    if ((part === '.' || part === '..') && index === parts.length - 1) segments.push('')
  }
  return mergeSlashes(`/${segments.join('/')}`) + search
}

/** Envoy's way, which leaves two slashes of a path that has nothing else. */
function mergeSlashes(path: string): string {
  if (!path.includes('//')) return path
  return `/${path.split('/').filter((part) => part !== '').join('/')}${path.endsWith('/') ? '/' : ''}`
}
