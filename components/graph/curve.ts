// The line of an edge as one cubic curve, and any point on it.
import { Position } from '@xyflow/react'
import type { Ends } from './attach.ts'
import type { Point } from './layout.ts'

export interface Curve {
  /** SVG path. */
  path: string
  /** The point at a share of the curve, 0 at the caller and 1 at the callee. */
  at: (share: number) => Point
}

export function curveOf({ sourceX, sourceY, sourcePosition, targetX, targetY, targetPosition }: Ends): Curve {
  const from = { x: sourceX, y: sourceY }
  const to = { x: targetX, y: targetY }
  const out = leave(from, sourcePosition, to)
  const into = leave(to, targetPosition, from)
  return {
    path: `M${from.x},${from.y} C${out.x},${out.y} ${into.x},${into.y} ${to.x},${to.y}`,
    at: (share) => {
      const rest = 1 - share
      const mix = (a: number, b: number, c: number, d: number) => rest ** 3 * a + 3 * rest ** 2 * share * b + 3 * rest * share ** 2 * c + share ** 3 * d
      return { x: mix(from.x, out.x, into.x, to.x), y: mix(from.y, out.y, into.y, to.y) }
    },
  }
}

/** The control point: half the way across in the direction in which the line leaves the box. */
function leave(from: Point, side: Position, to: Point): Point {
  if (side === Position.Left || side === Position.Right) return { x: from.x + (side === Position.Right ? 1 : -1) * reach(side === Position.Right ? to.x - from.x : from.x - to.x), y: from.y }
  return { x: from.x, y: from.y + (side === Position.Bottom ? 1 : -1) * reach(side === Position.Bottom ? to.y - from.y : from.y - to.y) }
}

/** A line that must turn back first swings out by the root of how far it has to come back. */
function reach(ahead: number): number {
  return ahead >= 0 ? ahead / 2 : 6.25 * Math.sqrt(-ahead)
}
