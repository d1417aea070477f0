import { isDeepStrictEqual } from 'node:util'
import { findExposure, readCard, type AgentTarget } from './agent-target.ts'

const EVERY_MS = 30_000
/** An agent that starts beside its sidecar has no card in the first moments. */
const FIRST_MS = 2000

export interface ObservedAgent extends Disposable {
  /** Now: an agent that has just begun to answer may have a card to show. */
  look(): void
  readonly card: unknown
  readonly warnings: string[]
}

export interface WatchOptions {
  intercepted: boolean
  /** The card is another than before. */
  onCard(): void
  log(sentence: string): void
}

/** Looks at the agent from time to time: its card, and whether it can be reached around the mesh, which nobody can where that is intercepted. */
export function watchAgent(target: AgentTarget, { intercepted, onCard, log }: WatchOptions): ObservedAgent {
  let card: unknown = null
  let warnings: string[] = []
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let looking = false
  const look = async () => {
    if (looking || stopped) return // whoever looks now sees what is there now
    looking = true
    clearTimeout(timer)
    const [read, exposure] = await Promise.all([readCard(target), intercepted ? [] : findExposure(target)])
    looking = false
    if (stopped) return
    for (const sentence of exposure) if (!warnings.includes(sentence)) log(`Warning: ${sentence}`)
    const before = card
    card = read.card ?? card // an agent that is away for a moment keeps its card
    warnings = [...exposure, ...(read.warning && card === null ? [] : read.warning ? [read.warning] : [])]
    timer = setTimeout(() => void look(), card === null ? FIRST_MS : EVERY_MS)
    if (!isDeepStrictEqual(card, before)) onCard()
  }
  void look()
  return {
    look: () => void look(),
    get card() {
      return card
    },
    get warnings() {
      return warnings
    },
    [Symbol.dispose]() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
