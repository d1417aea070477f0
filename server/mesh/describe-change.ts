import type { HTTPRoute, HTTPRouteRule } from '../contracts/http-route.ts'
import { describeRef } from '../contracts/object.ts'
import { canonicalText, contentOf } from './change.ts'
import { diffValues, type ObjectDiff } from './diff.ts'
import type { Traffic } from './plan.ts'

const PLACES_MAX = 5

/** Sentences that say what happens to one object, with measured rates where there are some. */
export function describeChange(diff: ObjectDiff, traffic: readonly Traffic[]): string[] {
  const { before, after } = diff
  if (before?.kind === 'HTTPRoute' && after?.kind === 'HTTPRoute') {
    const weights = describeWeights(before, after, traffic)
    if (weights) return weights
  }
  if (before && after) return [`Changes ${describeRef(diff.object)}: ${describePlaces(diff)}.`]
  if (!after) return [`Deletes ${describeRef(diff.object)}.`, ...(before?.kind === 'AuthorizationPolicy' ? ['What it allowed or denied is again decided without it.'] : [])]
  return [`Creates ${describeRef(diff.object)}.`, ...(after.kind === 'HTTPRoute' ? after.spec.rules.flatMap((rule, index) => describeRule(rule, index, after.spec.rules.length)) : [])]
}

function describePlaces({ before, after }: ObjectDiff): string {
  const places = diffValues(before && contentOf(before), after && contentOf(after)).map((place) => place.pointer)
  const more = places.length > PLACES_MAX ? ` and ${places.length - PLACES_MAX} more` : ''
  return places.slice(0, PLACES_MAX).join(', ') + more
}

function describeRule(rule: HTTPRouteRule, index: number, of: number): string[] {
  const shares = [...sharesOf(rule)].map(([name, share]) => `${percent(share)} to ${name}`)
  return [`${of > 1 ? `Rule ${index + 1} sends` : 'Sends'} ${shares.join(', ')}.`]
}

/** Words for an edit of weights alone; null when more than weights differs. */
function describeWeights(before: HTTPRoute, after: HTTPRoute, traffic: readonly Traffic[]): string[] | null {
  if (canonicalText(withoutWeights(before)) !== canonicalText(withoutWeights(after))) return null
  const changed = after.spec.rules.map((rule, index) => ({ index, rule, was: before.spec.rules[index]! })).filter(({ rule, was }) => canonicalText(rule) !== canonicalText(was)) // equal but for weights, so as many rules
  const rate = traffic.reduce((sum, one) => sum + one.requestsPerSecond, 0)
  return changed.flatMap(({ index, rule, was }) => {
    const [from, to] = [sharesOf(was), sharesOf(rule)]
    const where = after.spec.rules.length > 1 ? ` of what rule ${index + 1} takes` : ''
    const shares = [...to].filter(([name, share]) => share !== from.get(name)).map(([name, share]) => `${name} gets ${percent(share)}${where} (now ${percent(from.get(name) ?? 0)}).`)
    // How a rule's calls divide among several rules is not measured; a rate is said where one rule takes all.
    return after.spec.rules.length === 1 && rate > 0 ? [...shares, ...describeMove(from, to, rate)] : shares
  })
}

function describeMove(from: ReadonlyMap<string, number>, to: ReadonlyMap<string, number>, rate: number): string[] {
  const delta = [...to].map(([name, share]) => ({ name, share: share - (from.get(name) ?? 0) }))
  const [lose, gain] = [delta.filter(({ share }) => share < 0), delta.filter(({ share }) => share > 0)]
  const moved = gain.reduce((sum, { share }) => sum + share, 0) * rate
  if (moved <= 0) return []
  const names = (list: { name: string }[]) => list.map(({ name }) => name).join(' and ')
  const amount = moved >= 1 ? `${moved.toFixed(1)} calls a second` : `${(moved * 60).toFixed(1)} calls a minute`
  return [`About ${amount} move from ${names(lose)} to ${names(gain)}.`]
}

function sharesOf(rule: HTTPRouteRule): Map<string, number> {
  const total = rule.backendRefs.reduce((sum, backend) => sum + backend.weight, 0)
  return new Map(rule.backendRefs.map((backend) => [backend.name, total === 0 ? 0 : backend.weight / total]))
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`
}

function withoutWeights(route: HTTPRoute): unknown {
  const rules = route.spec.rules.map((rule) => ({ ...rule, backendRefs: rule.backendRefs.map((backend) => ({ ...backend, weight: 0 })) }))
  return { ...contentOf(route), spec: { ...route.spec, rules } }
}
