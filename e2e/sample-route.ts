import { splitOf, type Written } from '../server/testing/mesh.ts'

/** The sample's own route to the translator with other weights; its label stays, so that it goes with the fleet. */
export function sampleSplit(weights: Record<string, number>): Written<'HTTPRoute'> {
  return asSample(splitOf('translator', weights))
}

export function asSample(route: Written<'HTTPRoute'>): Written<'HTTPRoute'> {
  return { ...route, metadata: { ...route.metadata, labels: { 'heddle.dev/sample': 'true' } } }
}
