import type { AuthorizationPolicySpec } from '#server/contracts/authorization-policy.ts'
import type { PeerAuthentication } from '#server/contracts/peer-authentication.ts'

/** A policy in sentences: whom it lets, or does not let, do what. */
export function describePolicy(spec: AuthorizationPolicySpec): string[] {
  const targets = join(spec.targetRefs.map((target) => target.name), 'and')
  if (spec.rules.length === 0) return [spec.action === 'Allow' ? `Nobody may call ${targets}.` : `It denies nothing to ${targets}.`]
  return spec.rules.map((rule) => {
    const who = join(rule.from.flatMap((from) => [...from.agents, ...from.namespaces.map((namespace) => `anybody in ${namespace}`), ...from.identities]), 'and') || 'anybody in the trust domain'
    const what = rule.to.map((to) => [join(to.methods, 'or'), join(to.paths, 'or'), to.tools.length > 0 ? `the tool ${join(to.tools, 'or')}` : ''].filter(Boolean).join(' ')).filter(Boolean)
    const verb = spec.action === 'Allow' ? 'may' : 'may not'
    return `${capital(who)} ${verb} call ${targets}${what.length > 0 ? ` with ${join(what, 'or')}` : ''}.`
  })
}

/** Who must show an identity to whom. */
export function describePeers({ metadata, spec }: PeerAuthentication): string[] {
  const targets = join(spec.targetRefs.map((target) => target.name), 'and') || `every agent of ${metadata.namespace}`
  if (spec.mtls === 'strict') return [`Only callers with an identity of the mesh reach ${targets}.`]
  return [`Plaintext is taken too: callers without an identity reach ${targets}.`]
}

function join(words: readonly string[], last: 'and' | 'or'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
}

function capital(text: string): string {
  return text.startsWith('spiffe:') ? text : text.charAt(0).toUpperCase() + text.slice(1)
}
