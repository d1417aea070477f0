import { expect, test } from 'vitest'
import { attachEdge, type Box } from './attach.ts'
import { curveOf } from './curve.ts'
import { placeLabels } from './label-places.ts'

const box = (x: number, y: number): Box => ({ x, y, width: 150, height: 54 })
const edge = (id: string, from: Box, to: Box, wrong = false) => ({ id, wrong, curve: curveOf(attachEdge(from, to, { twin: false, down: false })) })

test('a line begins at its caller and ends at its callee', () => {
  const { at, path } = curveOf(attachEdge(box(0, 0), box(300, 200), { twin: false, down: false }))
  expect([at(0), at(0.5), at(1)]).toEqual([{ x: 150, y: 27 }, { x: 225, y: 127 }, { x: 300, y: 227 }])
  expect(path).toBe('M150,27 C225,27 225,227 300,227')
})

test('alone, a label stands in the middle', () => {
  expect(placeLabels([edge('a', box(0, 0), box(300, 0))], [box(0, 0), box(300, 0)]).get('a')).toBe(0.5)
})

test('where lines cross, labels part, and what is wrong keeps the middle', () => {
  const nodes = [box(0, 0), box(0, 300), box(400, 0), box(400, 300)]
  const [a, b, c, d] = nodes as [Box, Box, Box, Box]
  const places = placeLabels([edge('down', a, d), edge('up', b, c, true)], nodes)
  expect(places.get('up')).toBe(0.5)
  expect(places.get('down')).not.toBe(0.5)
})
