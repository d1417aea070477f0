// The objects of the sample fleet, all labelled so that they can be removed together.
import type { z } from 'zod'
import { agentVersionName } from '#server/contracts/ids.ts'
import { GATEWAY_API, HEDDLE_API, SAMPLE_LABEL } from '#server/contracts/meta.ts'
import { KINDS, type MeshObject } from '#server/contracts/object.ts'
import { FLEET, type Member } from './fleet.ts'

/** An object as a person writes it: what has a default may be left out. */
type Written<K extends keyof typeof KINDS> = z.input<(typeof KINDS)[K]['schema']>
export type SampleObject = Written<'Agent'> | Written<'HTTPRoute'> | Written<'Gateway'> | Written<'AuthorizationPolicy'> | Written<'AgentRoute'> | Written<'HealthProbe'>

/** What can be written before any sidecar has joined. */
export function firstObjects(): SampleObject[] {
  return [...FLEET.map(agent), onlyResearcherSearches, askAnybody, cardsAreServed]
}

/** What names agent versions, which exist once their sidecars have joined. */
export function routeObjects(gatewayPort: number): SampleObject[] {
  return [translatorRoute, gateway(gatewayPort), gatewayRoute]
}

/** Every agent version of the fleet; `routeObjects` names the translator's. */
export const VERSIONS = FLEET.flatMap(({ role, versions }) => [...new Set(versions)].map((version) => agentVersionName(role, version)))

/** `/namespaces/default/httproutes/translator`: where the API keeps an object. */
export function objectPath(object: Pick<MeshObject, 'kind'> & { metadata: { name: string } }): string {
  return `/namespaces/default/${KINDS[object.kind].plural}/${object.metadata.name}`
}

const meta = (name: string) => ({ name, namespace: 'default', labels: { [SAMPLE_LABEL]: 'true' } })

function agent({ role, type, protocol, description, skills }: Member): Written<'Agent'> {
  return { apiVersion: HEDDLE_API, kind: 'Agent', metadata: meta(role), spec: { type, protocol, description, owner: 'sample', capabilities: skills } }
}

const onlyResearcherSearches: Written<'AuthorizationPolicy'> = {
  apiVersion: HEDDLE_API,
  kind: 'AuthorizationPolicy',
  metadata: meta('search-tools'),
  spec: { targetRefs: [{ name: 'search-tools' }], action: 'Allow', rules: [{ from: [{ agents: ['researcher'] }] }] },
}

/** `http://ask.default.route.mesh/` from any sidecar: the task itself says who should answer. */
const askAnybody: Written<'AgentRoute'> = {
  apiVersion: HEDDLE_API,
  kind: 'AgentRoute',
  metadata: meta('ask'),
  spec: { candidates: [{ name: 'researcher' }, { name: 'writer' }, { name: 'translator' }], fallback: { name: 'orchestrator' }, semantic: { mode: 'enforce', floor: 0.25 } },
}

/** Costs the agents nothing: their cards are looked at, and no task is asked. */
const cardsAreServed: Written<'HealthProbe'> = {
  apiVersion: HEDDLE_API,
  kind: 'HealthProbe',
  metadata: meta('cards'),
  spec: { targetRefs: [{ name: 'researcher' }, { name: 'writer' }, { name: 'translator' }], check: { type: 'A2ACard' }, intervalSeconds: 5, timeoutSeconds: 3 },
}

const translatorRoute: Written<'HTTPRoute'> = {
  apiVersion: GATEWAY_API,
  kind: 'HTTPRoute',
  metadata: meta('translator'),
  spec: {
    parentRefs: [{ kind: 'Agent', name: 'translator' }],
    rules: [
      {
        backendRefs: [
          { kind: 'AgentVersion', name: agentVersionName('translator', 'v1'), weight: 90 },
          { kind: 'AgentVersion', name: agentVersionName('translator', 'v2'), weight: 10 },
        ],
      },
    ],
  },
}

const gateway = (port: number): Written<'Gateway'> => ({
  apiVersion: GATEWAY_API,
  kind: 'Gateway',
  metadata: meta('sample'),
  spec: { listeners: [{ name: 'http', port, protocol: 'HTTP' }], infrastructure: { parametersRef: { group: 'heddle.dev', kind: 'Agent', name: 'gateway' } } },
})

const gatewayRoute: Written<'HTTPRoute'> = {
  apiVersion: GATEWAY_API,
  kind: 'HTTPRoute',
  metadata: meta('sample-gateway'),
  spec: { parentRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'sample' }], rules: [{ backendRefs: [{ kind: 'Agent', name: 'gateway' }] }] },
}
