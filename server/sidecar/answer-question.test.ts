import { expect, test } from 'vitest'
import type { ProxyQuestion } from '../contracts/proxy-question.ts'
import { answerAsked } from './answer-question.ts'

const ID = '0b0c6f1e-6f0c-4a53-9d6c-0f6f3f1d2a11'

/** An Envoy that says this, and what it was asked. */
async function ask(question: ProxyQuestion, text: string, ok = true) {
  const paths: string[] = []
  const said = await answerAsked(async (path, method = 'GET') => {
    paths.push(`${method} ${path}`)
    return { ok, text }
  }, { id: ID, question })
  return { ...said, paths }
}

const CLUSTERS = {
  cluster_statuses: [
    {
      name: 'default/loom/v1',
      host_statuses: [
        { address: { socket_address: { address: '10.0.0.1', port_value: 80 } }, stats: [{ name: 'cx_active', value: '2' }, { name: 'rq_total', value: '7' }, { name: 'rq_error' }], health_status: { eds_health_status: 'HEALTHY' } },
        { address: { socket_address: { address: '10.0.0.2', port_value: 80 } }, health_status: { eds_health_status: 'DRAINING', failed_outlier_check: true, failed_active_health_check: false } },
        { address: { pipe: { path: '/a/socket' } } },
      ],
    },
    { name: 'empty' },
  ],
}

test('addresses with their health: ejected, and what control says', async () => {
  const { answer, paths } = await ask({ about: 'clusters' }, JSON.stringify(CLUSTERS))
  expect(paths).toEqual(['GET /clusters?format=json'])
  const none = { connections: 0, active: 0, requests: 0, errors: 0 }
  expect(answer).toEqual({
    about: 'clusters',
    clusters: [
      {
        name: 'default/loom/v1',
        hosts: [
          { address: '10.0.0.1:80', isHealthy: true, why: [], ...none, connections: 2, requests: 7 },
          { address: '10.0.0.2:80', isHealthy: false, why: ['ejected: it failed too often here', 'control says draining'], ...none },
          { address: '/a/socket', isHealthy: true, why: [], ...none },
        ],
      },
      { name: 'empty', hosts: [] },
    ],
  })
})

test('versions of clusters, listeners and route configurations; of nothing else', async () => {
  const since = '2026-11-23T14:49:44.964Z'
  const configs = [
    { '@type': 'bootstrap', bootstrap: {} },
    { static_clusters: [{ cluster: { '@type': 'C', name: 'own' } }], dynamic_active_clusters: [{ version_info: 'a1', cluster: { '@type': 'C', name: 'x' }, last_updated: since }] },
    { dynamic_listeners: [{ name: 'in', active_state: { version_info: 'b1', listener: { '@type': 'L', name: 'in' }, last_updated: since } }, { name: 'warming' }] },
    { dynamic_route_configs: [{ version_info: 'c1', route_config: { '@type': 'R', name: 'out' }, last_updated: since }] },
    { dynamic_active_secrets: [{ name: 'identity', version_info: 'd1' }] },
  ]
  expect((await ask({ about: 'config' }, JSON.stringify({ configs }))).answer).toEqual({
    about: 'config',
    resources: [{ typeUrl: 'C', name: 'x', version: 'a1', since }, { typeUrl: 'L', name: 'in', version: 'b1', since }, { typeUrl: 'R', name: 'out', version: 'c1', since }],
  })
})

test('a certificate is told once, however many connections use it', async () => {
  const one = { serial_number: '7', subject_alt_names: [{ uri: 'spiffe://a/b' }, { dns: 'a.example' }], valid_from: 'f', expiration_time: 't' }
  const { answer } = await ask({ about: 'certificates' }, JSON.stringify({ certificates: [{ ca_cert: [{ ...one, serial_number: '1' }], cert_chain: [one] }, { cert_chain: [one] }] }))
  expect(answer).toEqual({ about: 'certificates', certificates: [{ serial: '7', names: ['spiffe://a/b', 'a.example'], isRoot: false, from: 'f', to: 't' }, { serial: '1', names: ['spiffe://a/b', 'a.example'], isRoot: true, from: 'f', to: 't' }] })
})

test('statistics by a text that is no expression; the first five hundred', async () => {
  const lines = ['a.b: 1', 'axb: 2', 'a.b.time: P0(nan,1.0) P25(nan,1.0)', ...Array.from({ length: 600 }, (_, n) => `a.b.${n}: ${n}`)].join('\n')
  const { answer, paths } = await ask({ about: 'statistics', contains: 'a.b' }, lines)
  expect(paths).toEqual([`GET /stats?filter=${encodeURIComponent('a\\.b')}`])
  expect(answer).toMatchObject({ found: 601 })
  expect(answer?.about === 'statistics' && answer.statistics.length).toBe(500)
  expect(answer?.about === 'statistics' && answer.statistics[0]).toEqual({ name: 'a.b', value: 1 })
})

test('the log is read, or set; an Envoy that refuses or talks nonsense is no answer, and says so', async () => {
  expect(await ask({ about: 'log', level: null }, 'active loggers:\n  admin: warning\n  http2: debug\n')).toMatchObject({ paths: ['POST /logging'], answer: { levels: { admin: 'warning', http2: 'debug' } } })
  expect((await ask({ about: 'log', level: 'debug' }, '')).paths).toEqual(['POST /logging?level=debug'])
  expect(await ask({ about: 'config' }, 'request to path /config_dump not allowed', false)).toMatchObject({ id: ID, answer: null, failure: 'its Envoy gave no answer: request to path /config_dump not allowed' })
  expect((await ask({ about: 'config' }, '<html>')).failure).toMatch(/^its Envoy gave no answer: /)
})
