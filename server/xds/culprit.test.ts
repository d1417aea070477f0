import { beforeAll, expect, test } from 'vitest'
import { agent, meshState, proxyView, route } from '../compile/fixtures.ts'
import { compileSnapshot } from '../compile/snapshot.ts'
import { TYPE } from '../compile/names.ts'
import { envoyApi } from '../compile/protos/registry.ts'
import { findCulprit } from './culprit.ts'

beforeAll(() => void envoyApi(), 60_000)

const regular = (value: string) => ({ path: { type: 'RegularExpression', value } })

test.each([
  ['one value has the part', [[regular('/ok[0-9]'), regular('/a(?=b)')]], 'invalid perl operator: (?=', '/spec/rules/0/matches/1/path/value'],
  ['a header value', [[{ headers: [{ name: 'x', value: 'y' }, { type: 'RegularExpression', name: 'z', value: '[a' }] }]], 'missing ]: [a', '/spec/rules/0/matches/0/headers/1/value'],
  ['two values have it', [[regular('/a(?=b)')], [regular('/c(?=d)')]], 'invalid perl operator: (?=', null],
  ['no word about a regular expression', [[regular('/a(?=b)')]], 'Proto constraint validation failed', null],
])('%s', (_, rules, reason, pointer) => {
  const state = meshState({ agents: [agent('baker')], routes: [route('loaf', { parentRefs: [{ name: 'baker' }], rules: rules.map((matches) => ({ matches, backendRefs: [{ name: 'baker' }] })) })] })
  const host = compileSnapshot(state, proxyView('baker')).resources.get(TYPE.virtualHost)!.get('outbound/baker.default.mesh')!
  expect(findCulprit(state, proxyView('baker'), host, reason)).toEqual({ object: { kind: 'HTTPRoute', namespace: 'default', name: 'loaf' }, pointer })
})
