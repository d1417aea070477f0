import { toProblem } from '#server/changes/change-mesh.ts'
import { checkExpected } from '#server/changes/commit.ts'
import type { Problem } from '#server/contracts/errors.ts'
import { describeRef, refOf } from '#server/contracts/object.ts'
import type { DryRun } from '#server/contracts/status.ts'
import { driverOf } from '#server/drivers/drivers.ts'
import type { ObjectChange } from '#server/mesh/change.ts'
import { readNamed } from '#server/queries/objects.ts'
import type { ApiContext } from './context.ts'

/** What a change would do; nothing is stored. A change of a form that is no longer current is the conflict that the write would be. */
export async function dryRun(c: ApiContext, changes: readonly ObjectChange[]) {
  await refuseStale(c, changes)
  const driver = await driverOf(c.var.db, c.var.mesh)
  const plan = await driver.plan(c.var.mesh, changes)
  const named = changes.length > 1
  const body: DryRun = {
    valid: plan.problems.length === 0,
    problems: plan.problems.map((finding) => toProblem(finding, named)),
    warnings: plan.warnings.map((finding) => toProblem(finding, named)),
    summary: plan.summary,
    affected: plan.affected,
    objectDiff: plan.objectDiff,
    xdsDiff: plan.xdsDiff,
  }
  return c.json(body, 200)
}

async function refuseStale(c: ApiContext, changes: readonly ObjectChange[]): Promise<void> {
  const found = await readNamed(c.var.db, c.var.mesh, changes.map(({ ref }) => ref))
  const current = new Map(found.map((object) => [describeRef(refOf(object)), object]))
  for (const change of changes) checkExpected(change, current.get(describeRef(change.ref)) ?? null)
}

/** The dry run of an object that does not fit its schema: there is nothing to plan. */
export function refusedDryRun(c: ApiContext, problems: Problem[]) {
  const body: DryRun = { valid: false, problems, warnings: [], summary: [], affected: { callers: [], proxies: [] }, objectDiff: [], xdsDiff: [] }
  return c.json(body, 200)
}
