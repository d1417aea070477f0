import { expect, test } from 'vitest'
import { agent, egressPolicy, externalService, meshState } from '#server/compile/fixtures.ts'
import type { Graph } from '#server/contracts/telemetry.ts'
import { listEgress } from './egress.ts'

const node = (id: string, kind: 'agent' | 'external', namespace: string | null): Graph['nodes'][number] => ({ id, kind, namespace, name: id.split('/').at(-1) ?? '', version: null, labels: {}, health: 'healthy', versions: [] })
const edge = (source: string, host: string, requests: number, refused = 0): Graph['edges'][number] => ({
  id: `${source}>${host}`, source, target: `external/${host}`, protocol: 'tunnel', requests, errors: 0, refused, retries: 0, bytesSent: null, bytesReceived: null, durationMs: null, latencyMs: null, mtlsShare: null, evidence: { mesh: null, spans: null },
})

const state = meshState({
  agents: [agent('writer'), agent('reader'), agent('miller', {}, 'mill')],
  externalServices: [externalService('models', { host: 'models.example', from: [{ agents: ['writer'] }] }), externalService('quiet', { host: 'quiet.example', access: 'Block' })],
  egressPolicies: [egressPolicy('reader', { targetRefs: [{ name: 'reader' }], unknownHosts: 'Block' })],
})
const graph = {
  nodes: [node('agent/default/writer', 'agent', 'default'), node('agent/default/reader', 'agent', 'default'), node('agent/mill/miller', 'agent', 'mill'), node('external/clients', 'external', null), ...['models.example', 'else.example', 'shut.example'].map((host) => node(`external/${host}`, 'external', null))],
  edges: [edge('agent/default/writer', 'models.example', 9), edge('agent/default/reader', 'models.example', 2, 2), edge('agent/mill/miller', 'models.example', 1), edge('agent/default/writer', 'else.example', 3), edge('agent/default/reader', 'else.example', 1, 1), edge('agent/default/reader', 'shut.example', 4, 4), edge('external/clients', 'models.example', 1)],
}

test('hosts are listed by namespace of their callers, unknown ones first, with who is refused and why', () => {
  const rows = listEgress(state, graph)
  expect(rows.map(({ host, namespace, state, requests, refused }) => [host, namespace, state, requests, refused])).toEqual([
    ['else.example', 'default', 'unknown', 4, 1],
    ['models.example', 'mill', 'unknown', 1, 0],
    ['shut.example', 'default', 'refused', 4, 4],
    ['models.example', 'default', 'allowed', 11, 2],
    ['quiet.example', 'default', 'blocked', 0, 0],
  ])
  expect(rows[3]?.callers.map(({ agent, refusal }) => [agent, refusal === null])).toEqual([['writer', true], ['reader', false]])
  expect(rows[3]?.service).toMatchObject({ namespace: 'default', name: 'models' })
})
