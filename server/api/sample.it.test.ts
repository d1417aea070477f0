import { expect, test } from 'vitest'
import { GATEWAY_API, HEDDLE_API, SAMPLE_LABEL } from '#server/contracts/meta.ts'
import { testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'

test('the sample fleet is not removed from under an object of somebody else that needs it', async () => {
  await using db = await testDatabase()
  const operator = (await testApi(db)).as('operator')
  await operator.put('/namespaces/default/agents/sampled', { apiVersion: HEDDLE_API, kind: 'Agent', metadata: { name: 'sampled', labels: { [SAMPLE_LABEL]: 'true' } }, spec: {} })
  const route = { apiVersion: GATEWAY_API, kind: 'HTTPRoute', metadata: { name: 'mine' }, spec: { parentRefs: [{ name: 'sampled' }], rules: [{ backendRefs: [{ kind: 'Agent', name: 'sampled' }] }] } }
  expect((await operator.put('/namespaces/default/httproutes/mine', route)).status).toBe(201)
  const refused = await operator.delete('/sample')
  expect([refused.status, (await refused.json()).detail]).toEqual([422, expect.stringContaining('the sample fleet is still referred to')])
  expect((await operator.get('/namespaces/default/agents/sampled')).status).toBe(200)
  await operator.delete('/namespaces/default/httproutes/mine')
  expect(await (await operator.delete('/sample')).json()).toMatchObject({ removed: 1 })
})
