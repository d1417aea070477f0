// The sample fleet as one thing: its knobs, what its processes counted themselves, and one click that removes it all.
import { setTimeout as sleep } from 'node:timers/promises'
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import { NAMESPACE_DEFAULT } from '#server/contracts/ids.ts'
import { MeshError } from '#server/contracts/errors.ts'
import { recordAudit } from '#server/db/audit.ts'
import type { ObjectRef } from '#server/contracts/object.ts'
import { SampleAgentReport, SampleDesired, SampleKnobs, SampleReport } from '#server/contracts/sample.ts'
import { toProblem } from '#server/changes/change-mesh.ts'
import { driverOf } from '#server/drivers/drivers.ts'
import type { ObjectChange } from '#server/mesh/change.ts'
import { countInstances, readSample, readSampleRefs, writeSampleReport, writeSampleWanted } from '#server/queries/sample.ts'
import { commit } from './commit.ts'
import { requireRole, type ApiContext } from './context.ts'
import { MeshQuery, jsonBody, newRoutes, ok } from './routes.ts'

/** The fleet reports each second; a few missed reports and it counts as gone. */
const FRESH_MS = 5000
/** Agents that still run register again, so their objects go once they have left. */
const LEAVE = { timeoutMs: 15_000, everyMs: 250 }

const tags = ['Sample fleet']
const request = { query: MeshQuery }
const Sample = SampleKnobs.extend({
  running: z.boolean(),
  traffic: SampleReport.shape.traffic.nullable(),
  /** What each agent process received, as it counted itself. */
  agents: z.array(SampleAgentReport.extend({ name: z.string(), namespace: z.string() })),
  updatedAt: z.string().nullable(),
})

const read = createRoute({ method: 'get', path: '/sample', tags, summary: 'The fleet, its knobs and its own counts', request, responses: ok(Sample, 'The fleet') })
const turn = createRoute({ method: 'put', path: '/sample', tags, summary: 'Turn its knobs', request: { ...request, ...jsonBody(SampleKnobs) }, responses: ok(Sample, 'The fleet') })
const remove = createRoute({
  method: 'delete',
  path: '/sample',
  tags,
  summary: 'Stop the fleet and remove everything that carries its label, as one revision',
  request,
  responses: ok(z.object({ removed: z.number().int(), revision: z.number().int().nullable() }), 'How many objects went'),
})
const report = createRoute({
  method: 'post',
  path: '/sample/report',
  tags,
  summary: 'What the fleet says each second; the answer is what is wanted of it',
  request: { ...request, ...jsonBody(SampleReport) },
  responses: ok(SampleDesired, 'What is wanted'),
})

export const sample = newRoutes()
  .openapi(read, async (c) => {
    requireRole(c, 'viewer')
    return c.json(await describe(c), 200)
  })
  .openapi(turn, async (c) => {
    const caller = requireRole(c, 'operator')
    const knobs = c.req.valid('json')
    const { wanted: before } = await readSample(c.var.db, c.var.mesh)
    const after = { ...knobs, running: true }
    await writeSampleWanted(c.var.db, c.var.mesh, after)
    await recordAudit(c.var.db.pool, { mesh: c.var.mesh, actor: caller.name, action: 'sample.change', target: 'sample fleet', result: 'ok', detail: { before, after } })
    return c.json(await describe(c), 200)
  })
  .openapi(remove, async (c) => {
    const caller = requireRole(c, 'operator')
    const { db, mesh } = c.var
    const refs = await readSampleRefs(db, mesh)
    await refuseWhileNeeded(c, refs)
    const { wanted, last } = await readSample(db, mesh)
    await writeSampleWanted(db, mesh, { ...wanted, running: false })
    await recordAudit(db.pool, { mesh, actor: caller.name, action: 'sample.remove', target: 'sample fleet', result: 'ok' })
    if (isFresh(last)) await untilLeft(c, refs)
    if (refs.length === 0) return c.json({ removed: 0, revision: null }, 200)
    const { revision } = await commit(c, deletions(refs), { reason: 'the sample fleet is removed' })
    return c.json({ removed: refs.length, revision }, 200)
  })
  .openapi(report, async (c) => {
    requireRole(c, 'operator')
    const { db, mesh } = c.var
    await writeSampleReport(db, mesh, c.req.valid('json'))
    return c.json((await readSample(db, mesh)).wanted, 200)
  })

async function describe(c: ApiContext): Promise<z.infer<typeof Sample>> {
  const { wanted, last } = await readSample(c.var.db, c.var.mesh)
  return {
    rate: wanted.rate,
    failureShare: wanted.failureShare,
    running: wanted.running && isFresh(last),
    traffic: last?.report.traffic ?? null,
    agents: (last?.report.agents ?? []).map((agent) => ({ ...agent, name: agent.agent, namespace: NAMESPACE_DEFAULT })),
    updatedAt: last?.at ?? null,
  }
}

function isFresh(last: { at: string } | null): boolean {
  return last !== null && Date.now() - Date.parse(last.at) < FRESH_MS
}

function deletions(refs: readonly ObjectRef[]): ObjectChange[] {
  return refs.map((ref) => ({ ref, expected: 'any', after: null }))
}

/** Before anything stops: an object of somebody else's may refer to the fleet. */
async function refuseWhileNeeded(c: ApiContext, refs: readonly ObjectRef[]): Promise<void> {
  const driver = await driverOf(c.var.db, c.var.mesh)
  const { problems } = await driver.plan(c.var.mesh, deletions(refs))
  if (problems.length > 0) throw new MeshError('invalid', `the sample fleet is still referred to: ${problems[0]!.detail}`, { problems: problems.map((finding) => toProblem(finding, true)) }) // one or more
}

async function untilLeft(c: ApiContext, refs: readonly ObjectRef[]): Promise<void> {
  for (const end = Date.now() + LEAVE.timeoutMs; Date.now() < end; await sleep(LEAVE.everyMs)) if ((await countInstances(c.var.db, c.var.mesh, refs)) === 0) return
}
