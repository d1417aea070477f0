// Where the figures of an edge stand on its line: in the middle, unless something stands there already.
import type { Box } from './attach.ts'
import type { Curve } from './curve.ts'

export interface LabelledCurve {
  id: string
  curve: Curve
  /** What is wrong is placed first and has the better place. */
  wrong: boolean
}

/** Two lines of figures at 12 px. */
const LABEL = { width: 84, height: 40 }
const AIR = 3
const SHARES = [0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.2, 0.8]

/**
 * For each edge the share of its line at which its label stands. The order is that of the ids, so that figures that change from
 * reading to reading move no label.
 */
export function placeLabels(edges: readonly LabelledCurve[], nodes: readonly Box[]): ReadonlyMap<string, number> {
  const taken: Box[] = [...nodes]
  const places = new Map<string, number>()
  for (const { id, curve } of edges.toSorted((a, b) => Number(b.wrong) - Number(a.wrong) || a.id.localeCompare(b.id))) {
    const tried = SHARES.map((share) => ({ share, box: boxAt(curve, share) }))
    const best = tried.map((place) => ({ ...place, covered: coveredBy(place.box, taken) })).reduce((least, place) => (place.covered < least.covered ? place : least))
    places.set(id, best.share)
    taken.push(best.box)
  }
  return places
}

function boxAt(curve: Curve, share: number): Box {
  const { x, y } = curve.at(share)
  return { x: x - LABEL.width / 2, y: y - LABEL.height / 2, ...LABEL }
}

/** Square pixels of a box that lie under others. */
function coveredBy(box: Box, others: readonly Box[]): number {
  return others.reduce((sum, other) => sum + overlap(box.x, box.width, other.x, other.width) * overlap(box.y, box.height, other.y, other.height), 0)
}

function overlap(from: number, length: number, otherFrom: number, otherLength: number): number {
  return Math.max(0, Math.min(from + length, otherFrom + otherLength + AIR) - Math.max(from, otherFrom - AIR))
}
