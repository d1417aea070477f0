import { expect, test } from 'vitest'
import { HTTPRoute } from '#server/contracts/http-route.ts'
import { editable } from './editable.ts'

test('what a person edits means the same when it is sent back, and shows nothing that the server keeps', () => {
  const stored = HTTPRoute.parse({
    apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute',
    metadata: { name: 'translator', resourceVersion: '41', uid: 'u', generation: 3, managedBy: null },
    spec: { parentRefs: [{ name: 'translator' }], rules: [{ retry: {}, backendRefs: [{ kind: 'AgentVersion', name: 'translator-v1', weight: 90 }] }] },
    status: { state: 'accepted' },
  })
  const shown = editable(stored)
  expect(JSON.stringify(shown)).not.toMatch(/uid|resourceVersion|status|hostnames/)
  const again = HTTPRoute.parse(shown)
  expect(again.spec).toEqual(stored.spec)
  expect(again.metadata.name).toBe('translator')
})

test('an object reads in the order of its schema, however it was stored', () => {
  const stored = HTTPRoute.parse({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { name: 'a' }, spec: { rules: [{}], parentRefs: [{ name: 'a' }] } })
  const shuffled = { ...stored, spec: { rules: stored.spec.rules, hostnames: stored.spec.hostnames, parentRefs: stored.spec.parentRefs } }
  expect(Object.keys(editable(shuffled)['spec'] as object)).toEqual(['parentRefs', 'rules'])
})
