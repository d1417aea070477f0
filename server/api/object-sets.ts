// Several objects at once: judged together and stored as one revision, so that they may need each other.
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { MeshError, type Problem } from '#server/contracts/errors.ts'
import { DnsLabel, NAMESPACE_DEFAULT, ObjectName } from '#server/contracts/ids.ts'
import { KINDS, Kind, MeshObject, describeRef, type ObjectRef } from '#server/contracts/object.ts'
import { DryRun } from '#server/contracts/status.ts'
import type { ObjectChange } from '#server/mesh/change.ts'
import { commit } from './commit.ts'
import { requireRole } from './context.ts'
import { dryRun, refusedDryRun } from './dry-run.ts'
import { parseObject } from './parse-object.ts'
import { jsonBody, MeshQuery, newRoutes, ok } from './routes.ts'

const OBJECTS_MAX = 1000

const Item = z.looseObject({
  kind: Kind,
  metadata: z.looseObject({
    name: ObjectName,
    namespace: DnsLabel.default(NAMESPACE_DEFAULT),
    /** Of the form that is replaced; without it the object must be new. */
    resourceVersion: z.string().regex(/^\d{1,9}$/, 'the resourceVersion that a reading gave').optional(),
  }),
})

const write = createRoute({
  method: 'post',
  path: '/objects',
  tags: ['Objects'],
  summary: 'Several objects as one revision, or what they would change together',
  request: { query: MeshQuery.extend({ dryRun: z.literal('All').optional(), reason: z.string().max(500).optional() }), ...jsonBody(z.strictObject({ items: z.array(Item).min(1).max(OBJECTS_MAX) })) },
  responses: ok(z.union([DryRun, z.object({ revision: z.number().int().nullable(), items: z.array(MeshObject) })]), 'The objects as stored, or what a dry run found'),
})

export const objectSets = newRoutes().openapi(write, async (c) => {
  requireRole(c, 'operator')
  const { items } = c.req.valid('json')
  const options = c.req.valid('query')
  const parsed = items.map((item, index) => ({ item, index, ref: refOfItem(item) })).map(({ item, index, ref }) => ({ item, index, ref, result: parseObject(ref, item) }))
  const problems = [...parsed.flatMap(({ index, result }): Problem[] => (result.outcome === 'refused' ? result.problems.map((problem) => ({ ...problem, pointer: `/items/${index}${problem.pointer}` })) : [])), ...repeatedProblems(parsed.map(({ ref }) => ref))]
  if (problems.length > 0) {
    if (options.dryRun) return refusedDryRun(c, problems)
    throw new MeshError('invalid', `${problems[0]?.pointer}: ${problems[0]?.detail}`, { problems })
  }
  const changes = parsed.flatMap(({ item, ref, result }): ObjectChange[] => (result.outcome === 'refused' ? [] : [{ ref, expected: item.metadata.resourceVersion === undefined ? null : Number(item.metadata.resourceVersion), after: result.object }]))
  if (options.dryRun) return dryRun(c, changes)
  const { revision, objects } = await commit(c, changes, options)
  return c.json({ revision, items: objects.filter((object) => object !== null) }, 200)
})

function refOfItem({ kind, metadata }: z.infer<typeof Item>): ObjectRef {
  if (KINDS[kind].readOnly) throw new MeshError('forbidden', `${kind} is read-only: a version is made when its first instance registers`)
  return { kind, namespace: metadata.namespace, name: metadata.name }
}

function repeatedProblems(refs: readonly ObjectRef[]): Problem[] {
  const seen = new Set<string>()
  return refs.flatMap((ref, index): Problem[] => {
    const key = describeRef(ref)
    if (seen.has(key)) return [{ pointer: `/items/${index}`, code: 'repeated', detail: `${key} is there twice` }]
    seen.add(key)
    return []
  })
}
