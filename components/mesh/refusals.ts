import type { RevisionStatus } from '#server/contracts/status.ts'

type Rejection = RevisionStatus['rejected'][number]

export interface Refusal {
  reason: string
  pointer: string | null
  proxies: string[]
}

/** Nine proxies that refuse in the same words are one refusal of nine. */
export function groupRefusals(rejected: readonly Rejection[]): Refusal[] {
  const groups = new Map<string, Refusal>()
  for (const { proxy, reason, pointer } of rejected) {
    const key = `${pointer ?? ''}\n${reason}`
    const group = groups.get(key) ?? { reason, pointer, proxies: [] }
    if (!group.proxies.includes(proxy)) group.proxies.push(proxy)
    groups.set(key, group)
  }
  return [...groups.values()]
}

const NAMED_MAX = 3

/** `writer-v1`, `writer-v1 and translator-v1`, `gateway-v1, writer-v1, critic-v1 and 6 more`. */
export function nameProxies(proxies: readonly string[]): string {
  if (proxies.length > NAMED_MAX + 1) return `${proxies.slice(0, NAMED_MAX).join(', ')} and ${proxies.length - NAMED_MAX} more`
  return proxies.length < 2 ? (proxies[0] ?? 'nobody') : `${proxies.slice(0, -1).join(', ')} and ${proxies.at(-1)}`
}
