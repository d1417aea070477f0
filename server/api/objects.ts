// Objects: `/namespaces/{ns}/{plural}/{name}`, the same for every kind. A write is planned, then committed as one revision.
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError } from '#server/contracts/errors.ts'
import { DnsLabel, ObjectName } from '#server/contracts/ids.ts'
import { KINDS, Kind, describeRef, type MeshObject, type ObjectRef } from '#server/contracts/object.ts'
import type { DryRun } from '#server/contracts/status.ts'
import type { ObjectChange } from '#server/mesh/change.ts'
import { readObject, readObjects } from '#server/queries/objects.ts'
import { commit } from './commit.ts'
import { requireRole, type ApiContext } from './context.ts'
import { dryRun, refusedDryRun } from './dry-run.ts'
import { mergePatch } from './merge-patch.ts'
import { describeObjects } from './openapi.ts'
import { parseObject } from './parse-object.ts'
import { parseIfMatch, parseLabelSelector } from './preconditions.ts'
import { ListQuery, MeshQuery, newRoutes, readCursor, writeCursor } from './routes.ts'

const KIND_OF = new Map<string, Kind>(Kind.options.map((kind) => [KINDS[kind].plural, kind]))
const Plural = z.enum(Kind.options.map((kind) => KINDS[kind].plural))

const one = z.object({ ns: DnsLabel, plural: Plural, name: ObjectName })
const inNamespace = one.omit({ name: true })
const everywhere = one.pick({ plural: true })

const WriteQuery = MeshQuery.extend({
  dryRun: z.literal('All').optional(),
  /** Why, for the history. */
  reason: z.string().max(500).optional(),
})
const PageQuery = ListQuery.extend({ labelSelector: z.string().max(1024).optional() })

// What a client sees of an answer; the document describes each kind by its own schema (openapi.ts).
const anyBody = { body: { required: true, content: { 'application/json': { schema: z.custom<Record<string, unknown>>() } } } } as const
const oneObject = { 'application/json': { schema: z.custom<MeshObject>() } }
const readAnswer = { 200: { description: 'The object', content: oneObject } } as const
const writeAnswer = {
  200: { description: 'The object, or what a dry run found', content: { 'application/json': { schema: z.custom<MeshObject | DryRun>() } } },
  201: { description: 'The new object', content: oneObject },
} as const
const anyList = {
  200: { description: 'A page', content: { 'application/json': { schema: z.custom<{ items: MeshObject[]; metadata: { continue: string | null; resourceVersion: string } }>() } } },
} as const
const path = '/namespaces/{ns}/{plural}/{name}'

export const objects = newRoutes()
  .openapi(createRoute({ hide: true, method: 'get', path, request: { params: one, query: MeshQuery }, responses: readAnswer }), async (c) => {
    requireRole(c, 'viewer')
    const object = await mustRead(c, refOfPath(c.req.valid('param')))
    return c.json(object, 200, { etag: etagOf(object) })
  })
  .openapi(createRoute({ hide: true, method: 'put', path, request: { params: one, query: WriteQuery, ...anyBody }, responses: writeAnswer }), async (c) => {
    requireRole(c, 'operator')
    const ref = writable(refOfPath(c.req.valid('param')))
    const expected = parseIfMatch(c.req.header('if-match'))
    if (expected === 'any') await mustRead(c, ref) // RFC 9110: `If-Match: *` asks that there be one
    return write(c, ref, c.req.valid('json'), expected, c.req.valid('query'))
  })
  .openapi(createRoute({ hide: true, method: 'patch', path, request: { params: one, query: WriteQuery, ...anyBody }, responses: writeAnswer }), async (c) => {
    requireRole(c, 'operator')
    const ref = writable(refOfPath(c.req.valid('param')))
    const current = await mustRead(c, ref)
    const asked = parseIfMatch(c.req.header('if-match'))
    // A merge patch names what it changes, so without If-Match it goes onto the newest form; one that comes between is still seen.
    const expected = typeof asked === 'number' ? asked : Number(current.metadata.resourceVersion)
    return write(c, ref, mergePatch(current, c.req.valid('json')), expected, c.req.valid('query'))
  })
  .openapi(createRoute({ hide: true, method: 'delete', path, request: { params: one, query: WriteQuery }, responses: writeAnswer }), async (c) => {
    requireRole(c, 'operator')
    const ref = writable(refOfPath(c.req.valid('param')))
    const current = await mustRead(c, ref)
    const asked = parseIfMatch(c.req.header('if-match'))
    const expected = typeof asked === 'number' ? asked : Number(current.metadata.resourceVersion)
    const change: ObjectChange = { ref, expected, after: null }
    const query = c.req.valid('query')
    if (query.dryRun) return dryRun(c, [change])
    const { revision } = await commit(c, [change], query)
    return c.json(current, 200, { 'x-heddle-revision': String(revision) })
  })
  .openapi(createRoute({ hide: true, method: 'get', path: '/namespaces/{ns}/{plural}', request: { params: inNamespace, query: PageQuery }, responses: anyList }), async (c) => {
    requireRole(c, 'viewer')
    const { ns, plural } = c.req.valid('param')
    return c.json(await page(c, kindOf(plural), ns, c.req.valid('query')), 200)
  })
  .openapi(createRoute({ hide: true, method: 'get', path: '/{plural}', request: { params: everywhere, query: PageQuery }, responses: anyList }), async (c) => {
    requireRole(c, 'viewer')
    return c.json(await page(c, kindOf(c.req.valid('param').plural), undefined, c.req.valid('query')), 200)
  })

describeObjects(objects.openAPIRegistry)

type WriteOptions = z.infer<typeof WriteQuery>

async function write(c: ApiContext, ref: ObjectRef, body: unknown, expected: ObjectChange['expected'], options: WriteOptions) {
  const parsed = parseObject(ref, body)
  if (parsed.outcome === 'refused') {
    if (options.dryRun) return refusedDryRun(c, parsed.problems)
    throw new MeshError('invalid', `${parsed.problems[0]?.pointer || 'the object'}: ${parsed.problems[0]?.detail}`, { problems: parsed.problems })
  }
  const change: ObjectChange = { ref, expected, after: parsed.object }
  if (options.dryRun) return dryRun(c, [change])
  const { revision, objects } = await commit(c, [change], options)
  const object = objects[0]! // one change in, one object out
  const made = revision !== null && object.metadata.resourceVersion === String(revision) && object.metadata.generation === 1 && expected === null
  return c.json(object, made ? 201 : 200, { etag: etagOf(object), 'x-heddle-revision': String(revision ?? object.metadata.resourceVersion) })
}

async function mustRead(c: ApiContext, ref: ObjectRef): Promise<MeshObject> {
  const object = await readObject(c.var.db, c.var.mesh, ref)
  if (!object) throw new MeshError('not_found', `there is no ${describeRef(ref)}`)
  return object
}

async function page(c: ApiContext, kind: Kind, namespace: string | undefined, query: z.infer<typeof PageQuery>) {
  const last = readCursor(query.continue, z.tuple([z.string(), z.string()]))
  const { items, revision } = await readObjects(c.var.db, c.var.mesh, {
    kind,
    namespace,
    labels: parseLabelSelector(query.labelSelector),
    limit: query.limit + 1,
    after: last && { namespace: last[0], name: last[1] },
  })
  const shown = items.slice(0, query.limit)
  const end = items.length > query.limit ? shown.at(-1) : undefined
  return { items: shown, metadata: { continue: end ? writeCursor([end.metadata.namespace, end.metadata.name]) : null, resourceVersion: String(revision) } }
}

function refOfPath(path: z.infer<typeof one>): ObjectRef {
  return { kind: kindOf(path.plural), namespace: path.ns, name: path.name }
}

function kindOf(plural: z.infer<typeof Plural>): Kind {
  return KIND_OF.get(plural)! // Plural lists exactly its keys
}

function writable(ref: ObjectRef): ObjectRef {
  if (KINDS[ref.kind].readOnly) throw new MeshError('forbidden', `${ref.kind} is read-only: a version is made when its first instance registers`)
  return ref
}

function etagOf(object: MeshObject): string {
  return `"${object.metadata.resourceVersion}"`
}
