// JSON from outside: bounded in depth as well as in size, so that whatever walks it later cannot be made to fall.
import { MeshError } from '../contracts/errors.ts'

export const JSON_DEPTH_MAX = 64

/** Throws `MeshError('bad_request')` for text that is no JSON, or is nested deeper than `JSON_DEPTH_MAX`. */
export function parseJson(text: string): unknown {
  if (depthOf(text) > JSON_DEPTH_MAX) throw new MeshError('bad_request', `the JSON is nested deeper than ${JSON_DEPTH_MAX}`)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new MeshError('bad_request', 'this is not JSON', { cause })
  }
}

/** Brackets outside strings, counted without building anything; stops at the first that is too deep. */
function depthOf(text: string): number {
  let depth = 0
  let most = 0
  let inString = false
  for (let at = 0; at < text.length && most <= JSON_DEPTH_MAX; at++) {
    const character = text[at]
    if (inString) {
      if (character === '\\') at++
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === '{' || character === '[') most = Math.max(most, ++depth)
    else if (character === '}' || character === ']') depth--
  }
  return most
}
