// The seam between one console and many kinds of mesh. A driver turns wanted objects into what its mesh runs, says beforehand
// what that changes and what it cannot express, and reads back what the mesh made of it.
import type { Kind } from '#server/contracts/object.ts'
import type { CertificateList } from '#server/contracts/security.ts'
import type { DryRun, RevisionStatus } from '#server/contracts/status.ts'
import type { MeshState } from '#server/contracts/mesh-state.ts'
import type { ObjectChange } from '#server/mesh/change.ts'
import type { Finding } from '#server/mesh/finding.ts'
import type { Plan } from '#server/mesh/plan.ts'
import type { ChangeRequest, ChangeResult } from '#server/changes/change-mesh.ts'

export interface DriverCapabilities {
  /** Kinds that operators may write into this mesh. */
  writes: readonly Kind[]
  /** What “applied” rests on: acknowledgements of each proxy, conditions of the other mesh, or observation alone. */
  evidence: RevisionStatus['evidence']
  /** Whether Heddle issues and rotates this mesh's identities. */
  issuesCertificates: boolean
}

export interface DriverPlan extends Plan {
  affected: DryRun['affected']
  xdsDiff: DryRun['xdsDiff']
}

export interface Driver {
  readonly kind: string
  readonly capabilities: DriverCapabilities
  /** What is there now. */
  discover(mesh: string): Promise<MeshState>
  /** What a change would do. What the mesh cannot express is a problem of the plan: refused, never dropped. */
  plan(mesh: string, changes: readonly ObjectChange[]): Promise<DriverPlan>
  /** Makes it so; throws `invalid` with the problems of the plan. */
  apply(request: ChangeRequest): Promise<ChangeResult>
  /** How far the mesh has taken a revision; throws `not_found` when there is none of that number. */
  observe(mesh: string, revision: number): Promise<RevisionStatus>
  certificates(mesh: string): Promise<CertificateList>
}

/** The problems of writing kinds that a mesh has no form for. */
export function refuseUnwritable(capabilities: DriverCapabilities, changes: readonly ObjectChange[]): Finding[] {
  return changes
    .filter(({ ref }) => !capabilities.writes.includes(ref.kind))
    .map(({ ref }) => ({ object: ref, level: 'problem', pointer: '/kind', code: 'not_expressible', detail: `this mesh cannot express the kind ${ref.kind}` }))
}
