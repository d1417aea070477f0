// Where a line leaves one box and meets another: at the sides that face each other.
import { Position } from '@xyflow/react'

export interface Box {
  x: number
  y: number
  width: number
  height: number
}

/** Lines of two that call each other stand this far from the middle. */
const APART_PX = 9
const AIR_PX = 24

export interface Ends {
  sourceX: number
  sourceY: number
  sourcePosition: Position
  targetX: number
  targetY: number
  targetPosition: Position
}

/** `down` prefers top and bottom, for pictures that run downwards; `twin` makes room for the line of the other way. */
export function attachEdge(a: Box, b: Box, { twin, down }: { twin: boolean; down: boolean }): Ends {
  const beside = b.x >= a.x + a.width + AIR_PX || a.x >= b.x + b.width + AIR_PX
  const stacked = b.y >= a.y + a.height + AIR_PX || a.y >= b.y + b.height + AIR_PX
  return (down ? stacked : !beside) ? attachVertical(a, b, twin) : attachHorizontal(a, b, twin)
}

function attachHorizontal(a: Box, b: Box, twin: boolean): Ends {
  const right = b.x + b.width / 2 >= a.x + a.width / 2
  const shift = twin ? (right ? -APART_PX : APART_PX) : 0
  return {
    sourceX: right ? a.x + a.width : a.x,
    sourceY: a.y + a.height / 2 + shift,
    sourcePosition: right ? Position.Right : Position.Left,
    targetX: right ? b.x : b.x + b.width,
    targetY: b.y + b.height / 2 + shift,
    targetPosition: right ? Position.Left : Position.Right,
  }
}

function attachVertical(a: Box, b: Box, twin: boolean): Ends {
  const below = b.y + b.height / 2 >= a.y + a.height / 2
  const shift = twin ? (below ? APART_PX : -APART_PX) : 0
  return {
    sourceX: a.x + a.width / 2 + shift,
    sourceY: below ? a.y + a.height : a.y,
    sourcePosition: below ? Position.Bottom : Position.Top,
    targetX: b.x + b.width / 2 + shift,
    targetY: below ? b.y : b.y + b.height,
    targetPosition: below ? Position.Top : Position.Bottom,
  }
}
