import type { Agent } from '../contracts/agent.ts'
import { CARD_PATHS } from '../contracts/card-paths.ts'
import type { MeshState } from '../contracts/mesh-state.ts'
import { NOT_BEGUN_HEADER } from './another-agent.ts'
import type { Json } from './encode.ts'
import { BOOTSTRAP_CLUSTER, CLUSTER, INBOUND } from './names.ts'
import { compileRbac } from './rbac.ts'
import { trafficRulesOf } from '../mesh/traffic-policy.ts'
import { answerAll, catchAll, terminateConnect } from './route.ts'
import { compileRateLimit } from './traffic.ts'

/** What callers may do with this agent. The card goes by way of the sidecar, which puts the mesh's name for the agent's own URLs. */
export function compileInboundRoutes(state: MeshState, agent: Agent): Json {
  const operation = `${agent.metadata.name}.${agent.metadata.namespace}`
  return {
    name: INBOUND,
    virtual_hosts: [
      {
        name: INBOUND,
        domains: ['*'],
        response_headers_to_remove: [NOT_BEGUN_HEADER], // an agent cannot have its callers ask again; the sidecar adds its own afterwards
        typed_per_filter_config: { ...compileRbac(state, agent), ...compileRateLimit(trafficRulesOf(state, agent).rateLimit) },
        routes: compileInto(agent, operation),
      },
    ],
  }
}

/** TCP comes inside a CONNECT that ends here: the caller's policies and mutual TLS hold for it as for any call. */
function compileInto(agent: Agent, operation: string): Json[] {
  if (agent.spec.protocol === 'tcp') return [terminateConnect(CLUSTER.local, { traced: true }), answerAll('tcp', 400, `${operation} speaks TCP: connect by CONNECT`)]
  const cards = agent.spec.protocol === 'a2a' ? CARD_PATHS.map((path) => cardRoute(path, operation)) : []
  return [...cards, catchAll(INBOUND, { cluster: CLUSTER.local }, operation)]
}

function cardRoute(path: string, operation: string): Json {
  return { name: 'card', match: { path, headers: [{ name: ':method', string_match: { exact: 'GET' } }] }, decorator: { operation, propagate: false }, route: { cluster: BOOTSTRAP_CLUSTER.card, timeout: '15s' } }
}
