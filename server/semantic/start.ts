// Everything of semantic routing that a control process runs. The model is loaded when the first AgentRoute wants it, so that a mesh
// without one pays nothing.
import type { UntypedServiceImplementation } from '@grpc/grpc-js'
import { messageOf } from '../contracts/errors.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import type { Db } from '../db/client.ts'
import type { Outside } from '../fetch/fetch.ts'
import { cosine, openLazily, type EmbedderOptions } from './embedder.ts'
import { openModelInThread } from './model-thread.ts'
import { startRecorder } from './recorder.ts'
import { startRouter } from './router.ts'
import { semanticHandlers, type SemanticServiceOptions } from './service.ts'

const WARM_EVERY_MS = 1000

export interface SemanticOptions {
  db: Db
  mesh: string
  outside: Outside
  embeddings: Pick<EmbedderOptions, 'source' | 'model' | 'apiKey'>
  /** The mesh as it is now; null before the first reading. */
  state: () => MeshState | null
  authenticate: SemanticServiceOptions['authenticate']
  onError(error: Error): void
}

export interface Semantic extends AsyncDisposable {
  handlers: UntypedServiceImplementation
  /** Decisions that were not stored. */
  dropped(): number
  /** How near two texts are in meaning. */
  similarity(one: string, other: string): Promise<number>
}

export function startSemantic({ db, mesh, outside, embeddings, state, authenticate, onError }: SemanticOptions): Semantic {
  const recorder = startRecorder(db, mesh, onError)
  const embedder = openLazily({ ...embeddings, outside, open: openModelInThread })
  const router = startRouter({ db, mesh, embedder, recorder, state, onError })
  // Skills are embedded before the first task asks, and again soon after a card changed.
  const warm = setInterval(() => void router.warm().catch((error: unknown) => onError(new Error(`skills cannot be embedded: ${messageOf(error)}`))), WARM_EVERY_MS).unref()
  return {
    handlers: semanticHandlers({ authenticate, state, router, onError }),
    dropped: () => recorder.dropped,
    async similarity(one, other) {
      const [a, b] = await embedder.embed([one, other])
      return a && b ? cosine(a, b) : 0
    },
    async [Symbol.asyncDispose]() {
      clearInterval(warm)
      router[Symbol.dispose]()
      await recorder[Symbol.asyncDispose]()
    },
  }
}
