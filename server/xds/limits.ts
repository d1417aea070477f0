// What one stream may ask for.
import { MeshError } from '../contracts/errors.ts'
import type { AdsRequest } from './wire.ts'

export const LIMITS = {
  /** Types of one stream; Envoy asks for five. */
  types: 16,
  /** Resource names of one type. */
  names: 20_000,
  nameLength: 1024,
}

/** Throws `bad_request` or `too_large`; `subscriptions` are those of the stream, by type. */
export function refuseTooMuch(request: AdsRequest, subscriptions: ReadonlyMap<string, unknown>): void {
  if (request.typeUrl === '') throw new MeshError('bad_request', 'the request names no type')
  if (!subscriptions.has(request.typeUrl) && subscriptions.size >= LIMITS.types) throw new MeshError('too_large', `a stream may ask for ${LIMITS.types} types`)
  if (request.subscribe.length > LIMITS.names || Object.keys(request.initialVersions).length > LIMITS.names) throw tooMany(request.typeUrl)
  for (const name of request.subscribe) if (name.length > LIMITS.nameLength) throw new MeshError('too_large', `a resource name is at most ${LIMITS.nameLength} characters`)
}

export function tooMany(typeUrl: string): MeshError {
  return new MeshError('too_large', `a stream may name ${LIMITS.names} resources of ${typeUrl}`)
}
