// What of Envoy's statistics leaves the proxy: the graph's evidence and the proxy's own health, not the hundreds of others.

/** Names are matched whole, before tags are taken out. Clusters of agents have a slash in their name. */
const KEPT = [
  'cluster\\.([^.]*/[^.]*|local|external|external-direct|outbound-loop)\\.(upstream_rq_.*|upstream_cx_(total|active|connect_fail|rx_bytes_total|tx_bytes_total)|membership_(healthy|total)|ssl\\..*|outlier_detection\\.ejections_active)',
  'http\\.(inbound|outbound|gateway)\\.(downstream_rq_.*|downstream_cx_(total|active|rx_bytes_total|tx_bytes_total)|no_route|no_cluster|rbac\\..*)',
  'listener\\..*\\.ssl\\.(handshake|fail_verify_.*|connection_error)',
  'server\\.(live|uptime|memory_allocated|days_until_first_cert_expiring|total_connections)',
  'control_plane\\.connected_state',
  'cluster_manager\\.(active_clusters|warming_clusters|cds\\.update_rejected)',
  'listener_manager\\.(total_listeners_(active|warming|draining)|lds\\.update_rejected)',
]

/** Upper bounds in ms: close together where agents answer, wide where models think. */
const BUCKETS_MS = [0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 10_000, 30_000, 60_000, 120_000, 300_000]

/** Collected often, because the page follows within two seconds. */
const FLUSH = '2s'

export interface StatsResource {
  agent: string
  namespace: string
  version: string
  proxyId: string
}

/** Bootstrap fields. Cumulative, so that a flush that was lost loses no call. */
export function statsFields(resource: StatsResource, otlpCluster: string) {
  return {
    stats_flush_interval: FLUSH,
    stats_config: {
      stats_matcher: { inclusion_list: { patterns: KEPT.map((regex) => ({ safe_regex: { regex } })) } },
      histogram_bucket_settings: [{ match: { safe_regex: { regex: '.*' } }, buckets: BUCKETS_MS }],
    },
    stats_sinks: [
      {
        name: 'envoy.stat_sinks.open_telemetry',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.stat_sinks.open_telemetry.v3.SinkConfig',
          grpc_service: { envoy_grpc: { cluster_name: otlpCluster } },
          prefix: 'envoy',
          emit_tags_as_attributes: true,
          use_tag_extracted_name: true,
          report_counters_as_deltas: false,
          report_histograms_as_deltas: false,
          max_data_points_per_request: 1000,
          resource_detectors: [
            {
              name: 'envoy.tracers.opentelemetry.resource_detectors.static_config',
              typed_config: {
                '@type': 'type.googleapis.com/envoy.extensions.tracers.opentelemetry.resource_detectors.v3.StaticConfigResourceDetectorConfig',
                attributes: resourceAttributes(resource),
              },
            },
          ],
        },
      },
    ],
  }
}

/** As docs/architecture.md names them. */
export function resourceAttributes({ agent, namespace, version, proxyId }: StatsResource): Record<string, string> {
  return { 'service.name': agent, 'service.namespace': namespace, 'service.version': version, 'service.instance.id': proxyId, 'heddle.proxy': 'true' }
}
