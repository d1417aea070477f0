// Does a request fit a match of a route? Field by field as a proxy sees it: the path without its query, header values as they
// are, query values undecoded, regular expressions by RE2 and over the whole value.
import { RE2JS } from 're2js'
import type { HTTPRouteMatch, PathMatch } from '../contracts/http-route.ts'

/** Removed from every call before a rule is asked, so that no caller can forge them. */
export const STRIPPED_HEADER = /^(x-envoy-.*|x-heddle-(.*-)?caller|x-heddle-(decided|decision|intercepted)|x-forwarded-client-cert)$/i

export interface RequestView {
  /** With its query. */
  path: string
  method: string
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
}

/** Null when it fits, else the sentence that says what does not. */
export function whyNoMatch(match: HTTPRouteMatch, request: RequestView): string | null {
  const { pathname, query } = splitPath(request.path)
  if (!fitsPath(match.path, pathname)) return `the path ${pathname} ${describePathMiss(match.path)}`
  if (match.method && match.method !== request.method) return `the method is ${request.method}, not ${match.method}`
  for (const header of match.headers) {
    const value = header.name === ':path' ? request.path : request.headers[header.name.toLowerCase()]
    if (value === undefined) return `the header ${header.name} is missing`
    if (!fitsValue(header, value)) return `the header ${header.name} is “${value}”, not ${header.type === 'Exact' ? `“${header.value}”` : `of the form ${header.value}`}`
  }
  for (const parameter of match.queryParams) {
    const value = query.get(parameter.name)
    if (value === undefined) return `the query parameter ${parameter.name} is missing`
    if (!fitsValue(parameter, value)) return `the query parameter ${parameter.name} is “${value}”, not ${parameter.type === 'Exact' ? `“${parameter.value}”` : `of the form ${parameter.value}`}`
  }
  return null
}

/** The path without its query, and the first value of each parameter as it was written. */
export function splitPath(path: string): { pathname: string; query: Map<string, string>; search: string } {
  const [whole = ''] = path.split('#')
  const mark = whole.indexOf('?')
  const [pathname, search] = mark < 0 ? [whole, ''] : [whole.slice(0, mark), whole.slice(mark)]
  const query = new Map<string, string>()
  for (const pair of search.slice(1).split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const [name, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)]
    if (!query.has(name)) query.set(name, value)
  }
  return { pathname, query, search }
}

export function fitsPath(match: PathMatch, pathname: string): boolean {
  switch (match.type) {
    case 'Exact':
      return pathname === match.value
    case 'PathPrefix': {
      const prefix = match.value.replace(/\/+$/, '')
      return prefix === '' || pathname === prefix || pathname.startsWith(`${prefix}/`)
    }
    case 'RegularExpression':
      return fitsExpression(match.value, pathname)
  }
}

function describePathMiss(match: PathMatch): string {
  switch (match.type) {
    case 'Exact':
      return `is not ${match.value}`
    case 'PathPrefix':
      return `is not under ${match.value}`
    case 'RegularExpression':
      return `is not of the form ${match.value}`
  }
}

function fitsValue(match: { type: 'Exact' | 'RegularExpression'; value: string }, value: string): boolean {
  return match.type === 'Exact' ? value === match.value : fitsExpression(match.value, value)
}

const EXPRESSIONS_MAX = 2000
const expressions = new Map<string, RE2JS | null>()

/** False for an expression that RE2 does not know: a proxy refused it, and keeps the form before. */
function fitsExpression(expression: string, value: string): boolean {
  let compiled = expressions.get(expression)
  if (compiled === undefined) {
    if (expressions.size >= EXPRESSIONS_MAX) expressions.clear()
    expressions.set(expression, (compiled = compile(expression)))
  }
  return compiled?.matches(value) ?? false
}

function compile(expression: string): RE2JS | null {
  try {
    return RE2JS.compile(expression)
  } catch {
    return null
  }
}

/** True when RE2 can read it. */
export function isExpression(expression: string): boolean {
  return compile(expression) !== null
}
