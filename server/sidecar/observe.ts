import { findExposure, readCard, type AgentTarget } from './agent-target.ts'

const EVERY_MS = 30_000
/** An agent that starts beside its sidecar has no card in the first moments. */
const FIRST_MS = 2000

export interface ObservedAgent extends Disposable {
  readonly card: unknown
  readonly warnings: string[]
}

/** Looks at the agent from time to time: its card, and whether it can be reached around the mesh, which nobody can where that is intercepted. */
export function watchAgent(target: AgentTarget, { intercepted, log }: { intercepted: boolean; log: (sentence: string) => void }): ObservedAgent {
  let card: unknown = null
  let warnings: string[] = []
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const look = async () => {
    const [read, exposure] = await Promise.all([readCard(target), intercepted ? [] : findExposure(target)])
    if (stopped) return
    for (const sentence of exposure) if (!warnings.includes(sentence)) log(`Warning: ${sentence}`)
    card = read.card ?? card // an agent that is away for a moment keeps its card
    warnings = [...exposure, ...(read.warning && card === null ? [] : read.warning ? [read.warning] : [])]
    timer = setTimeout(() => void look(), card === null ? FIRST_MS : EVERY_MS)
  }
  void look()
  return {
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
