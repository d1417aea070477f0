// The mesh as it is now, for decisions: read again after each notice, at most ten times a second.
import type { MeshState } from '../contracts/mesh-state.ts'
import { messageOf } from '../contracts/errors.ts'
import type { Db } from '../db/client.ts'
import { listen } from '../db/listen.ts'
import { readMeshState } from '../db/mesh-state.ts'

const PAUSE_MS = 100

export interface FollowedState extends AsyncDisposable {
  /** Null until the first reading. */
  current(): MeshState | null
}

export function followState(db: Db, mesh: string, onError: (error: Error) => void): FollowedState {
  let state: MeshState | null = null
  let wanted = false
  let running: Promise<void> | null = null
  let stopped = false
  const read = async () => {
    while (wanted && !stopped) {
      wanted = false
      try {
        state = await readMeshState(db, mesh)
      } catch (error) {
        onError(new Error(`cannot read the mesh; decisions go by the state before: ${messageOf(error)}`))
        wanted = true
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
    running = null
  }
  const refresh = () => {
    wanted = true
    running ??= read()
  }
  const listening = listen(db.url, ['revision', 'instance', 'identity'], { onNotify: refresh, onConnect: refresh })
  return {
    current: () => state,
    async [Symbol.asyncDispose]() {
      stopped = true
      await listening[Symbol.asyncDispose]()
      await running
    },
  }
}
