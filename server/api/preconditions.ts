import { MeshError } from '#server/contracts/errors.ts'
import type { ObjectChange } from '#server/mesh/change.ts'

/** `If-Match: "12"` is revision 12 (`W/"12"` too: a proxy that compresses weakens what it passes on), `*` whatever is there; without the header nothing may be there yet. */
export function parseIfMatch(header: string | undefined): ObjectChange['expected'] {
  if (header === undefined) return null
  if (header.trim() === '*') return 'any'
  const match = /^(?:W\/)?"(\d{1,9})"$/.exec(header.trim())
  if (!match) throw new MeshError('bad_request', `If-Match takes an ETag as this API gives it, such as "12"`)
  return Number(match[1])
}

const SELECTOR_TERMS_MAX = 16

/** `app=web,tier=front`: each label with its value. */
export function parseLabelSelector(selector: string | undefined): Record<string, string> {
  if (selector === undefined || selector.trim() === '') return {}
  const terms = selector.split(',')
  if (terms.length > SELECTOR_TERMS_MAX) throw new MeshError('bad_request', `labelSelector has at most ${SELECTOR_TERMS_MAX} terms`)
  return Object.fromEntries(
    terms.map((term) => {
      const match = /^\s*([A-Za-z0-9./_-]+)\s*==?\s*([A-Za-z0-9._-]*)\s*$/.exec(term)
      if (!match) throw new MeshError('bad_request', `labelSelector takes terms such as “team=search”, not “${term.slice(0, 100)}”`)
      return [match[1]!, match[2]!] // both groups are there on a match
    }),
  )
}
