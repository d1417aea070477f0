import { MeshError, type Problem } from '../contracts/errors.ts'
import { describeRef, type MeshObject } from '../contracts/object.ts'
import type { Db } from '../db/client.ts'
import { readMeshState } from '../db/mesh-state.ts'
import type { ObjectChange } from '../mesh/change.ts'
import type { Finding } from '../mesh/finding.ts'
import { planChange, type Plan, type Traffic } from '../mesh/plan.ts'
import { commitChange, type Commit } from './commit.ts'

export interface ChangeRequest extends Omit<Commit, 'plan' | 'basis'> {
  traffic?: readonly Traffic[]
}

export interface ChangeResult {
  revision: number | null
  /** As they are now, in the order of the request's changes. */
  objects: (MeshObject | null)[]
  plan: Plan
}

const TRIES_MAX = 5

/** Decide first, act once. When another change comes between, it is decided again on what is there now. Throws `invalid` with the problems. */
export async function changeMesh(db: Db, request: ChangeRequest): Promise<ChangeResult> {
  const { traffic, ...commit } = request
  for (let attempt = 1; attempt <= TRIES_MAX; attempt++) {
    const state = await readMeshState(db, request.mesh)
    const plan = planChange(state, request.changes, traffic)
    refuseProblems(plan, request.changes)
    const result = await commitChange(db, { ...commit, changes: plan.changes, plan: plan.summary, basis: state.revision })
    if (result.outcome === 'committed') return { revision: result.revision, objects: result.objects.slice(0, request.changes.length), plan }
  }
  throw new MeshError('unavailable', 'the mesh is changing faster than this change could be checked; try again', { extra: { retryAfterS: 1 } })
}

function refuseProblems(plan: Plan, changes: readonly ObjectChange[]): void {
  const [first] = plan.problems
  if (!first) return
  const problems = plan.problems.map((finding) => toProblem(finding, changes.length > 1))
  throw new MeshError('invalid', `${describeRef(first.object)}${first.pointer && ` at ${first.pointer}`}: ${first.detail}`, { problems })
}

/** A change of several objects names the object at each problem; a change of one has no need to. */
export function toProblem(finding: Finding, named: boolean): Problem {
  const { pointer, code, detail } = finding
  return { pointer, code, detail: named ? `${describeRef(finding.object)}: ${detail}` : detail }
}
