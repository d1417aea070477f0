/** What a route says, read from an object that may be half written. */
import { isRecord, valueAt, withValue } from './pointer.ts'

export interface RouteBackend {
  name: string
  /** `v2` for a version of the parent agent, else the whole name. */
  label: string
  kind: string
  weight: number
}

export interface RouteRule {
  index: number
  name: string | null
  backends: RouteBackend[]
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

export function parentsOf(route: unknown): { kind: string; name: string; namespace: string | null }[] {
  return list(valueAt(route, '/spec/parentRefs')).map((parent) => ({ kind: text(valueAt(parent, '/kind')) || 'Agent', name: text(valueAt(parent, '/name')), namespace: text(valueAt(parent, '/namespace')) || null }))
}

export function rulesOf(route: unknown): RouteRule[] {
  const agents = parentsOf(route).map((parent) => parent.name)
  return list(valueAt(route, '/spec/rules')).map((rule, index) => ({
    index,
    name: text(valueAt(rule, '/name')) || null,
    backends: list(valueAt(rule, '/backendRefs')).map((backend) => {
      const name = text(valueAt(backend, '/name'))
      const weight = valueAt(backend, '/weight')
      const agent = agents.find((each) => each !== '' && name.startsWith(`${each}-`))
      return { name, label: agent === undefined ? name : name.slice(agent.length + 1), kind: text(valueAt(backend, '/kind')) || 'Agent', weight: typeof weight === 'number' && weight >= 0 ? weight : weight === undefined ? 1 : 0 }
    }),
  }))
}

/** Rules that part their calls: what a slider can move. */
export function splitsOf(route: unknown): RouteRule[] {
  return rulesOf(route).filter((rule) => rule.backends.length >= 2)
}

/** The route with a rule's weights set to whole percent. */
export function withShares(route: Record<string, unknown>, rule: number, shares: readonly number[]): Record<string, unknown> {
  return shares.reduce<Record<string, unknown>>((next, share, index) => withValue(next, ['spec', 'rules', rule, 'backendRefs', index, 'weight'], share) as Record<string, unknown>, route) // the root stays an object
}

/** `v1=50 v2=50`, as `heddle split` takes it; null when the change is more than one rule's weights. */
export function splitCommand(route: unknown, before: unknown, name: string, namespace: string): string | null {
  if (!isRecord(route) || !isRecord(before)) return null
  const [only, ...more] = splitsOf(route)
  if (!only || more.length > 0 || rulesOf(route).length !== 1) return null
  const weights = withShares(route, only.index, rulesOf(before)[0]?.backends.map((backend) => backend.weight) ?? [])
  if (JSON.stringify(weights['spec']) !== JSON.stringify(before['spec'])) return null
  return `npx heddle split ${name}${namespace === 'default' ? '' : ` --namespace ${namespace}`} ${only.backends.map((backend) => `${backend.label}=${backend.weight}`).join(' ')} --watch`
}
