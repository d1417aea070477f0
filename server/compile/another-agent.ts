// Where a call goes when the instance that it was given to cannot be reached: to another of the same agents, then to those that stand in.
// Only what reached nobody is sent again, so nothing is done twice.
// https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/http/cluster_specifier/priority_group
import type { Choice } from '../mesh/capability.ts'
import type { Json } from './encode.ts'
import { clusterName, typeUrl } from './names.ts'

/** On the answer of a sidecar whose agent takes no connection. */
export const NOT_BEGUN_HEADER = 'x-heddle-not-begun'
/** Again for what reached nobody, at an instance that was not tried yet, among as many as Envoy picks by chance. */
const TO_ANOTHER = {
  retry_on: 'connect-failure,refused-stream,retriable-headers',
  retriable_headers: [{ name: NOT_BEGUN_HEADER, present_match: true }],
  retry_host_predicate: [{ name: 'envoy.retry_host_predicates.previous_hosts', typed_config: { '@type': typeUrl('envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate') } }],
  host_selection_retry_max_attempts: 5,
}

/** A route action: `choices` by their weights, and `instead` for calls that reach nobody there. */
export function withAnother(choices: readonly Choice[], instead: readonly Choice[]): Json {
  const clusters = new Set(choices.map(({ version }) => clusterName(version)))
  const others = instead.filter(({ version }) => !clusters.has(clusterName(version)))
  const several = choices.some(({ version }) => version.instances.length > 1)
  if (others.length === 0) return { ...plain(choices), ...(several ? { retry_policy: { ...TO_ANOTHER, num_retries: 1 } } : {}) }
  const groups = [choices, ...(several ? [choices] : []), others].map((group, index) => ({ name: String(index), clusters: group.map(({ version, weight }) => ({ cluster_name: clusterName(version), weight })) }))
  const typed_config = { '@type': typeUrl('envoy.extensions.router.cluster_specifiers.priority_group.v3.PriorityGroupClusterSpecifier'), priority_groups: groups }
  return {
    inline_cluster_specifier_plugin: { extension: { name: 'envoy.router.cluster_specifier_plugin.priority_group', typed_config } },
    retry_policy: { ...TO_ANOTHER, num_retries: groups.length - 1, refresh_cluster_on_retry: true },
  }
}

function plain(choices: readonly Choice[]): Json {
  const [only] = choices
  if (choices.length === 1 && only) return { cluster: clusterName(only.version) }
  return { weighted_clusters: { clusters: choices.map(({ version, weight }) => ({ name: clusterName(version), weight })) } }
}
