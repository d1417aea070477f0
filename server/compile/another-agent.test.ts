import { expect, test } from 'vitest'
import type { Choice } from '../mesh/capability.ts'
import { withAnother } from './another-agent.ts'
import { clustersNamedBy, encodeJson } from './encode.ts'
import { instance } from './fixtures.ts'
import { TYPE } from './names.ts'

const choice = (agent: string, instances: number, weight = 1): Choice => ({ version: { namespace: 'default', agent, version: 'v1', instances: Array.from({ length: instances }, (_, index) => instance(agent, 'v1', 9000 + index)) }, weight })
const groupsOf = (action: object) => JSON.parse(JSON.stringify(action)).inline_cluster_specifier_plugin?.extension.typed_config.priority_groups.map((group: { clusters: { cluster_name: string }[] }) => group.clusters.map((one) => one.cluster_name))

test.each([
  ['one instance and nobody instead: as ever', [choice('cook', 1)], [], undefined, undefined],
  ['several instances: another of them', [choice('cook', 2)], [], undefined, 1],
  ['one instance: who stands in', [choice('cook', 1)], [choice('helper', 1)], [['default/cook/v1'], ['default/helper/v1']], 1],
  ['several instances: another of them, then who stands in', [choice('cook', 2)], [choice('helper', 1)], [['default/cook/v1'], ['default/cook/v1'], ['default/helper/v1']], 2],
  ['who stands in is one of them', [choice('cook', 1), choice('helper', 1)], [choice('helper', 1)], undefined, undefined],
])('%s', (_, choices, instead, groups, retries) => {
  const action = withAnother(choices, instead)
  expect([groupsOf(action), JSON.parse(JSON.stringify(action)).retry_policy?.num_retries]).toEqual([groups, retries])
  const routes = { virtual_hosts: [{ name: 'a', domains: ['a'], routes: [{ match: { prefix: '/' }, route: action }] }] }
  expect(encodeJson(TYPE.routes, routes).length).toBeGreaterThan(0)
  // Clusters go to a proxy before the route that names them, whichever way it names them.
  expect(clustersNamedBy(routes)).toEqual([...new Set([...choices, ...instead].map(({ version }) => `default/${version.agent}/v1`))].sort())
})
