// One real Envoy with a static configuration like a sidecar's: outbound, gateway and the way outside, telemetry to a collector.
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig } from '#server/config.ts'
import { findEnvoy } from '#server/run/envoy.ts'
import { freePort } from '#server/testing/free-port.ts'

type Json = Record<string, unknown>
const type = (name: string) => `type.googleapis.com/${name}`

export interface TestEnvoyOptions {
  otlpPort: number
  token: string
  /** Cluster name → port of its one endpoint; null has none. */
  clusters: Record<string, number | null>
  routes: Json[]
  externalPort: number
}

export interface TestEnvoy extends AsyncDisposable {
  outboundPort: number
  gatewayPort: number
}

export const RESOURCE = { 'service.name': 'caller', 'service.namespace': 'default', 'service.version': 'v1', 'service.instance.id': 'caller-1', 'heddle.proxy': 'true' }

export async function startTestEnvoy(options: TestEnvoyOptions): Promise<TestEnvoy> {
  const directory = await mkdtemp(join(tmpdir(), 'heddle-envoy-'))
  const [outboundPort, gatewayPort, adminPort] = [await freePort(), await freePort(), await freePort()]
  await writeFile(join(directory, 'envoy.json'), JSON.stringify(bootstrap(options, { outboundPort, gatewayPort, adminPort })))
  const { path } = await findEnvoy(readConfig())
  const child = spawn(path, ['-c', join(directory, 'envoy.json'), '--use-dynamic-base-id', '--concurrency', '1', '-l', 'error'], { stdio: 'ignore' })
  await untilReady(adminPort)
  return {
    outboundPort,
    gatewayPort,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      if (child.exitCode === null) child.kill()
      await ended
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function untilReady(adminPort: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const ready = await fetch(`http://127.0.0.1:${adminPort}/ready`).then((answer) => answer.ok, () => false)
    if (ready) return
    await sleep(50)
  }
  throw new Error('Envoy did not become ready within 10 s')
}

function bootstrap({ otlpPort, token, clusters, routes, externalPort }: TestEnvoyOptions, ports: { outboundPort: number; gatewayPort: number; adminPort: number }): Json {
  const grpc = { envoy_grpc: { cluster_name: 'heddle-otlp' }, timeout: '5s', initial_metadata: [{ key: 'authorization', value: `Bearer ${token}` }] }
  const external = { match: { connect_matcher: {} }, decorator: { operation: 'external' }, route: { cluster: 'external', timeout: '0s', upgrade_configs: [{ upgrade_type: 'CONNECT', connect_config: {} }] } }
  return {
    node: { id: 'caller-1', cluster: 'caller' },
    admin: { address: address(ports.adminPort) },
    stats_flush_interval: '0.5s',
    layered_runtime: { layers: [{ name: 'static', static_layer: { 'tracing.opentelemetry.flush_interval_ms': 200 } }] },
    stats_sinks: [
      {
        name: 'envoy.stat_sinks.open_telemetry',
        typed_config: {
          '@type': type('envoy.extensions.stat_sinks.open_telemetry.v3.SinkConfig'),
          grpc_service: grpc,
          prefix: 'envoy',
          emit_tags_as_attributes: true,
          use_tag_extracted_name: true,
          report_counters_as_deltas: false,
          report_histograms_as_deltas: false,
          max_data_points_per_request: 100,
          resource_detectors: [detector()],
        },
      },
    ],
    static_resources: {
      listeners: [listener('outbound', ports.outboundPort, [external, ...routes], grpc), listener('gateway', ports.gatewayPort, routes, grpc)],
      clusters: [
        ...Object.entries(clusters).map(([name, port]) => cluster(name, port)),
        cluster('external', externalPort),
        { ...cluster('heddle-otlp', otlpPort), typed_extension_protocol_options: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': { '@type': type('envoy.extensions.upstreams.http.v3.HttpProtocolOptions'), explicit_http_config: { http2_protocol_options: {} } } } },
      ],
    },
  }
}

const address = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } })

function detector(): Json {
  return { name: 'envoy.tracers.opentelemetry.resource_detectors.static_config', typed_config: { '@type': type('envoy.extensions.tracers.opentelemetry.resource_detectors.v3.StaticConfigResourceDetectorConfig'), attributes: RESOURCE } }
}

function cluster(name: string, port: number | null): Json {
  return { name, alt_stat_name: name, type: 'STATIC', connect_timeout: '1s', load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: port === null ? [] : [{ endpoint: { address: address(port) } }] }] } }
}

function listener(statPrefix: string, port: number, routes: Json[], grpc: Json): Json {
  const manager = {
    '@type': type('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: statPrefix,
    upgrade_configs: [{ upgrade_type: 'CONNECT' }],
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes }] },
    http_filters: [{ name: 'envoy.filters.http.router', typed_config: { '@type': type('envoy.extensions.filters.http.router.v3.Router') } }],
    tracing: {
      spawn_upstream_span: true,
      random_sampling: { value: 100 },
      custom_tags: [{ tag: 'server.address', value: '%REQ(:AUTHORITY)%' }],
      provider: { name: 'envoy.tracers.opentelemetry', typed_config: { '@type': type('envoy.config.trace.v3.OpenTelemetryConfig'), grpc_service: grpc, service_name: RESOURCE['service.name'], resource_detectors: [detector()] } },
    },
  }
  return { name: statPrefix, traffic_direction: statPrefix === 'gateway' ? 'INBOUND' : 'OUTBOUND', address: address(port), filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }] }
}
