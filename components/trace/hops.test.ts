import { expect, test } from 'vitest'
import { withoutHops } from './hops.ts'
import { span } from './testing.ts'

const proxy = { attributes: [{ key: 'component', value: 'proxy' }] }
const shape = (spans: ReturnType<typeof withoutHops>) => spans.map(({ spanId, parentSpanId }) => [spanId, parentSpanId])

test('between two agents the sidecars go, and the callee hangs below its caller', () => {
  const spans = [span('in', null, 0, 9, proxy), span('a', 'in', 1), span('out', 'a', 2, 1, proxy), span('router', 'out', 2, 1, proxy), span('b', 'router', 3)]
  expect(shape(withoutHops(spans))).toEqual([['a', null], ['b', 'a']])
})

test('a call of which only the proxy knows keeps its proxy', () => {
  const spans = [span('a', null, 0), span('out', 'a', 2, 1, { ...proxy, status: 'error' }), span('router', 'out', 2, 1, proxy)]
  expect(shape(withoutHops(spans))).toEqual([['a', null], ['out', 'a'], ['router', 'out']])
})

test('a missing parent stays missing, and a circle of parents ends', () => {
  expect(shape(withoutHops([span('out', 'gone', 0, 1, proxy), span('b', 'out', 1)]))).toEqual([['b', 'gone']])
  const circle = [span('x', 'y', 0, 1, proxy), span('y', 'x', 0, 1, proxy), span('b', 'x', 1)]
  expect(shape(withoutHops(circle)).map(([id]) => id)).toEqual(['b'])
})

test('without proxies the spans are the very same', () => {
  const spans = [span('a', null, 0), span('b', 'a', 1)]
  expect(withoutHops(spans)).toBe(spans)
})
