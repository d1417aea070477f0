'use client'
import { useEffect, useRef, useState } from 'react'
import type { Direction, LayoutEdge, LayoutNode, Positions } from './layout.ts'

/**
 * Positions of the nodes, computed in a worker. A new layout is asked for only when the set of nodes or edges changes, and keeps what
 * stands; `tidy` forgets everything and starts anew.
 */
export function useLayout(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[], direction: Direction, columns: boolean): { positions: Positions | null; tidy: () => void; move: (id: string, x: number, y: number) => void } {
  const [positions, setPositions] = useState<Positions | null>(null)
  const [worker, setWorker] = useState<Worker | null>(null)
  const kept = useRef<Positions>({})
  /** Agents that had a call, or that somebody put somewhere: only these hold their place. One without calls goes to where it belongs with its first. */
  const settled = useRef(new Set<string>())
  const turn = useRef(0)
  const [wish, setWish] = useState(0)

  useEffect(() => {
    const started = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module', name: 'layout' })
    started.onmessage = (event: MessageEvent<{ turn: number; positions: Positions }>) => {
      if (event.data.turn !== turn.current) return
      kept.current = { ...kept.current, ...event.data.positions }
      setPositions(kept.current) // with the places of what is hidden now: shown again, it stands where it stood
    }
    setWorker(started)
    return () => started.terminate()
  }, [])

  const shape = `${nodes.map((node) => `${node.id} ${node.height}`).toSorted().join('\n')}\n\n${edges.map((edge) => `${edge.source} ${edge.target}`).toSorted().join('\n')}`
  const latest = useRef({ nodes, edges })
  latest.current = { nodes, edges }
  useEffect(() => {
    turn.current += 1
    const holds = Object.fromEntries(Object.entries(kept.current).filter(([id]) => settled.current.has(id)))
    for (const edge of latest.current.edges) settled.current.add(edge.source).add(edge.target)
    worker?.postMessage({ turn: turn.current, nodes: latest.current.nodes.map(({ id, width, height }) => ({ id, width, height })), edges: latest.current.edges.map(({ source, target }) => ({ source, target })), kept: holds, direction, columns })
  }, [worker, shape, wish, direction, columns])

  return {
    positions,
    tidy: () => {
      kept.current = {}
      settled.current.clear()
      setWish((count) => count + 1)
    },
    move: (id, x, y) => {
      settled.current.add(id)
      kept.current = { ...kept.current, [id]: { x, y } }
      setPositions((present) => present && { ...present, [id]: { x, y } })
    },
  }
}
