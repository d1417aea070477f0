import { fromJson, toBinary, type JsonValue } from '@bufbuild/protobuf'
import { beforeAll, expect, test } from 'vitest'
import { jsonToBinary } from './json-to-binary.ts'
import { TYPE } from './names.ts'
import { envoyApi } from './protos/registry.ts'

beforeAll(() => void envoyApi(), 60_000)

const messageOf = (typeUrl: string) => envoyApi().getMessage(typeUrl.slice(typeUrl.lastIndexOf('/') + 1)) ?? expect.fail(typeUrl)
const byLibrary = (typeUrl: string, json: JsonValue) => toBinary(messageOf(typeUrl), fromJson(messageOf(typeUrl), json, { registry: envoyApi() }))
const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router'
const router = (fields: object) => ({ name: 'r', typed_config: { '@type': ROUTER, ...fields } })
const managed = (http_filters: object[]) => ({ filter_chains: [{ filters: [{ name: 'm', typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', stat_prefix: 'ü', http_filters } }] }] })

test.each<[string, string, unknown]>([
  ['nothing', TYPE.cluster, {}],
  ['zeros, said and not said', TYPE.cluster, { name: '', alt_stat_name: 'x', ignore_health_on_host_removal: false, connect_timeout: '0s', per_connection_buffer_limit_bytes: 0, type: 'STATIC' }],
  ['durations', TYPE.cluster, { connect_timeout: '1.500s', cleanup_interval: '3600s', dns_refresh_rate: '0.000001s' }],
  ['a duration with a digit of a second', TYPE.cluster, { connect_timeout: '1.5s' }],
  ['names in camel case', TYPE.cluster, { connectTimeout: '5s', lbPolicy: 'RING_HASH' }],
  ['fields in any order', TYPE.cluster, { lb_policy: 'RANDOM', name: 'a', type: 'EDS', eds_cluster_config: { eds_config: { ads: {} } } }],
  ['a number of 64 bits', TYPE.cluster, { ring_hash_lb_config: { minimum_ring_size: '1024', maximum_ring_size: 2048 } }],
  ['free metadata', TYPE.cluster, { metadata: { filter_metadata: { b: { x: [1, true, null, { y: 'z' }] }, a: {} } } }],
  ['a packed list, and one of texts', TYPE.virtualHost, { name: 'v', domains: ['*', ''], retry_policy: { retriable_status_codes: [503, 0, 429] } }],
  ['a filter that says nothing', TYPE.listener, managed([router({}), router({ dynamic_stats: false }), router({ suppress_envoy_headers: false })])],
  ['letters beyond ASCII', TYPE.listener, { name: '織機 🧵', ...managed([router({ suppress_envoy_headers: true })]) }],
  ['doubles', TYPE.cluster, { load_assignment: { cluster_name: 'c', policy: { drop_overloads: [] }, endpoints: [{ load_balancing_weight: 3, priority: 1, lb_endpoints: [{ endpoint: { address: { socket_address: { address: '::1', port_value: 65535 } } } }] }] } }],
])('%s: the bytes are those of the library', (_, typeUrl, json) => {
  expect(Buffer.from(jsonToBinary(messageOf(typeUrl), json as JsonValue, envoyApi())).toString('hex')).toBe(Buffer.from(byLibrary(typeUrl, json as JsonValue)).toString('hex')) // the table's values are JSON
})

test.each<[string, string, unknown]>([
  ['a field that is not there', TYPE.cluster, { nmae: 'a' }],
  ['a number for a text', TYPE.cluster, { name: 5 }],
  ['a zero for a text', TYPE.cluster, { name: 0 }],
  ['a text for a boolean', TYPE.cluster, { ignore_health_on_host_removal: '' }],
  ['a negative count', TYPE.cluster, { per_connection_buffer_limit_bytes: -1 }],
  ['a count that is too large', TYPE.cluster, { per_connection_buffer_limit_bytes: 2 ** 32 }],
  ['half a port', TYPE.listener, { address: { socket_address: { address: '::1', port_value: 0.5 } } }],
  ['an unknown name of an enum', TYPE.cluster, { lb_policy: 'BEST' }],
  ['a list for a message', TYPE.cluster, { eds_cluster_config: [] }],
  ['a message for a list', TYPE.virtualHost, { domains: { 0: '*' } }],
  ['two of what can be one', TYPE.listener, { address: { socket_address: { address: '::1', port_value: 1, named_port: 'http' } } }],
  ['the same twice', TYPE.cluster, { connect_timeout: '1s', connectTimeout: '2s' }],
  ['an unknown type', TYPE.listener, managed([{ name: 'r', typed_config: { '@type': 'type.googleapis.com/no.Such' } }])],
  ['no type', TYPE.listener, managed([{ name: 'r', typed_config: { suppress_envoy_headers: true } }])],
  ['a duration without its unit', TYPE.cluster, { connect_timeout: '5' }],
  ['half a character', TYPE.cluster, { name: 'a\ud800' }],
])('%s: does what the library does', (_, typeUrl, json) => {
  const told = (make: () => Uint8Array) => {
    try {
      return Buffer.from(make()).toString('hex')
    } catch (error) {
      return String(error)
    }
  }
  expect(told(() => jsonToBinary(messageOf(typeUrl), json as JsonValue, envoyApi()))).toBe(told(() => byLibrary(typeUrl, json as JsonValue)))
})
