// What belongs to the request that is being answered: today, which version of a callee took part in it.
import { AsyncLocalStorage } from 'node:async_hooks'

/** Written by the translator process from its own start argument and copied upward by everyone on the way. */
export const VERSION_HEADER = 'x-heddle-agent-version'

export interface CurrentRequest {
  /** Value for `VERSION_HEADER` on the answer; undefined leaves it out. */
  versionSeen: string | undefined
}

export const currentRequest = new AsyncLocalStorage<CurrentRequest>()
