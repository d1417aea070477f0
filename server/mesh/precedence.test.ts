import { expect, test } from 'vitest'
import { HTTPRoute } from '../contracts/http-route.ts'
import { GATEWAY_API } from '../contracts/meta.ts'
import { rankMatches } from './precedence.ts'

const route = (name: string, matches: unknown[], creationTimestamp = '2026-01-01T00:00:00Z') =>
  HTTPRoute.parse({ apiVersion: GATEWAY_API, kind: 'HTTPRoute', metadata: { name, creationTimestamp }, spec: { parentRefs: [{ name: 'a' }], rules: [{ matches }] } })
const prefix = (value: string) => ({ path: { value } })
const order = (...routes: HTTPRoute[]) => rankMatches(routes).map(({ route, match }) => `${route.metadata.name} ${match.path.value}${match.method ?? ''}${'h'.repeat(match.headers.length)}${'q'.repeat(match.queryParams.length)}`)

test.each([
  ['exact, then regular expression, then the longer prefix', [prefix('/'), prefix('/long/er'), { path: { type: 'RegularExpression', value: '/r.*' } }, { path: { type: 'Exact', value: '/x' } }], ['r /x', 'r /r.*', 'r /long/er', 'r /']],
  ['a method, then more headers, then more query parameters', [{ queryParams: [{ name: 'q', value: '1' }] }, { headers: [{ name: 'x', value: '1' }] }, { headers: [{ name: 'x', value: '1' }, { name: 'y', value: '1' }] }, { method: 'GET' }, {}], ['r /GET', 'r /hh', 'r /h', 'r /q', 'r /']],
  ['among equals the first of the list', [prefix('/a'), prefix('/b')], ['r /a', 'r /b']],
])('%s', (_, matches, expected) => {
  expect(order(route('r', matches))).toEqual(expected)
})

test('among equal matches of several routes the older wins, then the first by name; the order of the input does not matter', () => {
  const old = route('z-old', [prefix('/')], '2025-01-01T00:00:00Z')
  const [a, b] = [route('a', [prefix('/')]), route('b', [prefix('/')])]
  for (const routes of [[a, b, old], [old, b, a], [b, old, a]]) expect(order(...routes)).toEqual(['z-old /', 'a /', 'b /'])
})
