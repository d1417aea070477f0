import type { Json } from './encode.ts'

/** Envoy takes a session's hash modulo the sum of the weights: with another sum every boundary moves, and sessions with it. */
const SUM = 1_000_000

/**
 * The same shares of a fixed sum, to a millionth. As a canary grows only the boundary moves, so no session goes back; 0 stays exactly none.
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-weightedcluster
 */
export function toFixedSum(clusters: Json[]): Json[] {
  if (clusters.length === 1) return clusters // every session is there, by whatever sum
  const total = clusters.reduce((sum, cluster) => sum + Number(cluster['weight']), 0)
  let [before, given] = [0, 0]
  return clusters.map((cluster) => {
    before += Number(cluster['weight'])
    const weight = Math.round((before / total) * SUM) - given
    given += weight
    return { ...cluster, weight }
  })
}
