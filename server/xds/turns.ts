/**
 * Lets so many in at once, in the order they came. Who comes when all are inside waits here, not in a queue that gives up; and between one
 * that leaves and the next the event loop serves whoever else is there.
 */
export function takeTurns(atOnce: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let inside = 0
  const next = () => {
    if (inside >= atOnce) return
    const begin = waiting.shift()
    if (!begin) return
    inside += 1
    begin()
  }
  return async (work) => {
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      next()
    })
    try {
      return await work()
    } finally {
      inside -= 1
      setImmediate(next)
    }
  }
}
