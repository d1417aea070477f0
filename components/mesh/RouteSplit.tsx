'use client'
import type { Proxy } from '#server/contracts/status.ts'
import { Card } from '#components/ui/Card.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { plural } from '#components/ui/format.ts'
import { Notice } from '#components/ui/Notice.tsx'
import { parentsOf, rulesOf, splitsOf, withShares, type RouteRule } from './route-reading.ts'
import { apportion, isExact } from './split.ts'
import { SplitEditor } from './SplitEditor.tsx'

interface RouteSplitProps {
  draft: Record<string, unknown>
  stored: unknown
  namespace: string
  proxies: readonly Proxy[] | null
  why: string | null
  onChange: (object: Record<string, unknown>, rule: number, shares: readonly number[]) => void
}

/** A slider for every rule that parts its calls. */
export function RouteSplit({ draft, stored, namespace, proxies, why, onChange }: RouteSplitProps) {
  const splits = splitsOf(draft)
  const before = rulesOf(stored)
  const agents = parentsOf(draft).filter((parent) => parent.kind === 'Agent')
  if (splits.length === 0) {
    const only = rulesOf(draft).flatMap((rule) => rule.backends).at(0)
    return <Card title="Split"><EmptyState kind="no-data" title={only ? `All calls go to ${only.label}` : 'No rule names a backend'}>A split needs a rule with two backends or more. Add one under Rules, or in the YAML.</EmptyState></Card>
  }
  return (
    <>
      {splits.map((rule) => {
        const weights = rule.backends.map((backend) => backend.weight)
        const was = before[rule.index]?.backends.map((backend) => backend.weight) ?? []
        const exact = isExact(weights)
        return (
          <Card key={rule.index} title={agents[0] ? `Traffic to ${agents[0].name}` : 'Traffic'} note={rule.name ? `rule “${rule.name}”` : `rule ${rule.index + 1}`}>
            {weights.every((weight) => weight === 0) && <div className="mb-3"><Notice state="bad">All weights are zero: every call would be answered 500.</Notice></div>}
            <SplitEditor backends={describeBackends(rule, namespace, proxies)} shares={apportion(weights)} served={was.length === weights.length ? apportion(was) : apportion(weights)} why={why} onChange={(shares) => onChange(withShares(draft, rule.index, shares), rule.index, shares)} />
            {!exact && weights.some((weight) => weight > 0) && <p className="m-0 mt-2 text-sm text-muted">The weights are {weights.join(' : ')}, which whole percent cannot say exactly; moving a share writes percent instead.</p>}
          </Card>
        )
      })}
    </>
  )
}

function describeBackends(rule: RouteRule, namespace: string, proxies: readonly Proxy[] | null) {
  return rule.backends.map((backend) => {
    const count = proxies?.filter((proxy) => proxy.namespace === namespace && proxy.state !== 'disconnected' && (`${proxy.agent}-${proxy.version}` === backend.name || (backend.kind === 'Agent' && proxy.agent === backend.name))).length
    return { name: backend.name, label: backend.label, note: count === undefined ? null : plural(count, 'instance') }
  })
}
