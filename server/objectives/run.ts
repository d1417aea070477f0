// One of all control processes looks at the objectives and tells of alerts.
import { messageOf } from '../contracts/errors.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { Db } from '../db/client.ts'
import { electLeader } from '../db/leader.ts'
import { deliverAlerts, type Teller } from './deliver.ts'
import { evaluateObjectives } from './evaluate.ts'

const LOOK_MS = 5000

export interface ObjectivesOptions extends Teller {
  db: Db
  mesh: string
  /** Null until it has been read. */
  state: () => MeshState | null
  onError(error: Error): void
}

export function watchObjectives({ db, mesh, state, onError, ...teller }: ObjectivesOptions): AsyncDisposable {
  return electLeader(db.url, {
    name: `objectives-${mesh}`,
    onError,
    async lead(signal) {
      while (!signal.aborted) {
        try {
          const known = state()
          if (known) await evaluateObjectives(db, mesh, known.objectives)
          await deliverAlerts(db, mesh, teller)
        } catch (error) {
          onError(new Error(`cannot look at the objectives: ${messageOf(error)}`, { cause: error }))
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      }
    },
  })
}
