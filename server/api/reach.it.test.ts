import { expect, test } from 'vitest'
import { HEDDLE_API } from '#server/contracts/meta.ts'
import { testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'

const object = (kind: string, name: string, spec: Record<string, unknown>) => ({ apiVersion: HEDDLE_API, kind, metadata: { name }, spec })

test('who can reach an agent follows its policies from one revision to the next', async () => {
  await using db = await testDatabase()
  const api = await testApi(db)
  const [operator, viewer] = [api.as('operator'), api.as('viewer')]
  await operator.post('/objects', { items: ['tool', 'writer', 'reader'].map((name) => object('Agent', name, {})) })
  const reach = async (path: string) => (await viewer.get(`/namespaces/default/agents/${path}`)).json()
  expect(await reach('tool/reach')).toMatchObject({ revision: 1, agent: 'default/tool', counts: { all: 2, some: 0, none: 0 }, plaintext: 'none', unguarded: 0 })

  const policy = object('AuthorizationPolicy', 'tool-callers', { targetRefs: [{ name: 'tool' }], action: 'Allow', rules: [{ from: [{ agents: ['writer'] }], to: [{ methods: ['POST'] }] }] })
  expect((await operator.put('/namespaces/default/authorizationpolicies/tool-callers', policy)).status).toBe(201)
  expect(await reach('tool/reach')).toMatchObject({
    revision: 2,
    counts: { all: 0, some: 1, none: 1 },
    items: [{ agent: 'default/writer', verdict: 'some', names: ['tool.default.mesh'], policies: [{ name: 'tool-callers' }] }, { agent: 'default/reader', verdict: 'none' }],
  })
  expect(await reach('reader/reach?direction=callees')).toMatchObject({ counts: { all: 1, some: 0, none: 1 }, plaintext: null })
  expect((await reach('tool/reach?limit=1')).items).toHaveLength(1)
})

test.each([
  ['/namespaces/default/agents/nobody/reach', 404],
  ['/namespaces/Default/agents/x/reach', 404],
  ['/namespaces/default/agents/x/reach?direction=sideways', 400],
  ['/namespaces/default/agents/x/reach?limit=0', 400],
  ['/namespaces/default/agents/x/reach?limit=100000', 400],
])('a question for reach that is none gets a problem (%s)', async (path, status) => {
  await using db = await testDatabase()
  const answer = await (await testApi(db)).as('viewer').get(path)
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
})
