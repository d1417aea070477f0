import type { HTTPRouteMatch, PathMatch } from '../../contracts/http-route.ts'
import { fitsPath } from '../match.ts'

/** True when every call that fits `narrow` fits `wide` too. Of two different regular expressions nothing is claimed. */
export function coversMatch(wide: HTTPRouteMatch, narrow: HTTPRouteMatch): boolean {
  if (!coversPath(wide.path, narrow.path)) return false
  if (wide.method !== undefined && wide.method !== narrow.method) return false
  const has = (list: HTTPRouteMatch['headers'], one: HTTPRouteMatch['headers'][number]) => list.some((other) => other.name.toLowerCase() === one.name.toLowerCase() && other.type === one.type && other.value === one.value)
  return wide.headers.every((header) => has(narrow.headers, header)) && wide.queryParams.every((parameter) => has(narrow.queryParams, parameter))
}

function coversPath(wide: PathMatch, narrow: PathMatch): boolean {
  const everything = wide.type === 'PathPrefix' && wide.value.replace(/\/+$/, '') === ''
  if (everything) return true
  if (narrow.type === 'RegularExpression') return wide.type === 'RegularExpression' && wide.value === narrow.value
  if (narrow.type === 'Exact') return fitsPath(wide, narrow.value)
  return wide.type === 'PathPrefix' && fitsPath(wide, narrow.value.replace(/\/+$/, ''))
}
