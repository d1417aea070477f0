// What every file of routes starts from: an app that turns a schema's findings into our problems, and the shape of an answer.
import { OpenAPIHono } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { DnsLabel } from '#server/contracts/ids.ts'
import { problemsOf } from '#server/contracts/problems.ts'
import type { ApiEnv } from './context.ts'

/** A sub-app for one kind of thing; `app.ts` mounts it under `/api/v1`. */
export function newRoutes() {
  return new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (result.success) return
      const problems = problemsOf(result.error)
      const [first] = problems
      if (result.target === 'param') throw new MeshError('not_found', 'there is nothing at this address')
      if (result.target === 'query') throw new MeshError('bad_request', `the parameter “${first?.pointer.slice(1)}” is not right: ${first?.detail}`, { problems })
      throw new MeshError('invalid', `${first?.pointer || 'the body'}: ${first?.detail}`, { problems })
    },
  })
}

/** `responses: ok(Graph, 'The graph of a window')`. */
export function ok<T extends z.ZodType>(schema: T, description: string) {
  return { 200: { description, content: { 'application/json': { schema } } } } as const
}

export function created<T extends z.ZodType>(schema: T, description: string) {
  return { 201: { description, content: { 'application/json': { schema } } } } as const
}

export function jsonBody<T extends z.ZodType>(schema: T) {
  return { body: { required: true, content: { 'application/json': { schema } } } } as const
}

export const LIST = { limitDefault: 100, limitMax: 1000 }

/** Every route takes `?mesh=`; `app.ts` has looked it up by the time a handler runs. */
export const MeshQuery = z.object({ mesh: DnsLabel.optional() })

export const ListQuery = MeshQuery.extend({
  limit: z.coerce.number().int().min(1).max(LIST.limitMax).default(LIST.limitDefault),
  continue: z.string().max(1024).optional(),
})

/** `{items, metadata}`, the form of every list. */
export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), metadata: z.object({ continue: z.string().nullable(), resourceVersion: z.string() }) })
}

/** A page's last key, as the opaque text that the next request hands back. */
export function writeCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

export function readCursor<T extends z.ZodType>(cursor: string | undefined, shape: T): z.infer<T> | null {
  if (cursor === undefined) return null
  try {
    return shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))
  } catch (cause) {
    throw new MeshError('bad_request', 'the parameter “continue” is not one that a list of this kind gave out', { cause })
  }
}
