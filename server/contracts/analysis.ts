/** What is wrong or risky in a configuration that is valid: the codes, how bad each is, and what mends it. */
import { z } from 'zod'
import { ObjectRef } from './object.ts'

/** error: calls fail or a rule does nothing. warning: it hurts under load or in trouble. note: worth knowing. */
export const Severity = z.enum(['error', 'warning', 'note'])
export type Severity = z.infer<typeof Severity>

export const ANALYSES = {
  rule_shadowed: ['error', 'Put the narrower rule where it wins, or delete it.'],
  routes_conflict: ['warning', 'Merge the routes, or make their matches differ.'],
  no_default_rule: ['note', 'Add a rule without matches if every other call should be served.'],
  route_table_long: ['note', 'Each call is compared in order; group rules by prefix.'],
  backend_never_used: ['note', 'Delete the backend, or give it a weight.'],
  backend_without_instance: ['error', 'Start an instance of that version, or move its weight.'],
  share_invisible: ['note', 'Raise the weight until its share is measured in reasonable time.'],
  version_gets_nothing: ['note', 'Name the version in a route, or stop its instances.'],
  regex_unreadable: ['error', 'Write it as RE2 knows it: no lookahead, no backreference.'],
  regex_never_fits: ['error', 'A path begins with “/”, and the expression must fit the whole of it.'],
  header_stripped: ['error', 'Match on another header; this one is removed before any rule is asked.'],
  redirect_loops: ['error', 'Redirect to a path or host that the rule does not match.'],
  retry_repeats_effects: ['warning', 'Retry only methods that may be repeated, or answer codes that mean “not begun” (such as 503).'],
  retry_exceeds_timeout: ['warning', 'Raise timeouts.request, lower timeouts.backendRequest, or try fewer times.'],
  retry_without_try_timeout: ['note', 'Set timeouts.backendRequest, so that a try that hangs leaves time for the next.'],
  retries_many: ['warning', 'Three tries are enough; each further one adds load when there is least room for it.'],
  timeout_cuts_stream: ['warning', 'Leave timeouts.request out for calls that stream, or raise it above the longest task.'],
  mirror_doubles: ['warning', 'Mirror to an agent that serves nobody, not to one that already gets the call.'],
  session_ends_at_version: ['warning', 'Let the policy spread by RingHash or Maglev on the same header, or leave its loadBalancer out.'],
  grpc_route_elsewhere: ['note', 'Set the agent’s protocol to grpc, or use an HTTPRoute.'],
  policy_reads_rewritten_path: ['note', 'Policies see the path after the rewrite; write them for that one.'],
  policy_matches_nobody: ['error', 'Name a caller that exists.'],
  policy_allows_everybody: ['warning', 'Name callers or operations.'],
  policy_denies_everything: ['warning', 'Name callers or operations; now nobody reaches these agents.'],
  policy_allow_overruled: ['error', 'A Deny wins over an Allow: change one of the two.'],
  policy_hides_card: ['note', 'Allow GET /.well-known/agent-card.json, so that callers can read the card.'],
  policy_paths_on_tcp: ['error', 'A TCP agent has no paths or methods; name callers alone.'],
  tool_unguarded: ['note', 'Write an Allow policy that names who may call it.'],
  plaintext_unguarded: ['warning', 'Make it strict, or guard it with an Allow policy.'],
  plaintext_backend: ['warning', 'Put a sidecar beside these instances.'],
  ejection_leaves_nobody: ['warning', 'Add instances, or lower maxEjectionPercent.'],
  panic_undoes_ejection: ['warning', 'Lower panicThresholdPercent below what ejection leaves.'],
  locality_unknown: ['warning', 'Start the sidecars with --zone, or leave `locality` out.'],
  breaker_never_opens: ['note', 'A limit at the default changes nothing; lower it or leave it out.'],
  breaker_starves: ['warning', 'Allow at least one connection an instance.'],
  retry_budget_off: ['warning', 'Leave maxRetries out; then retries may add a fifth to what is under way.'],
  keepalive_eager: ['note', 'Every 10 s or slower is enough, and spares idle proxies.'],
  connections_short_lived: ['note', 'A handshake for nearly every call costs more than an idle connection.'],
  fault_hits_everybody: ['warning', 'Add `header`, so that only marked calls suffer.'],
  gateway_without_route: ['warning', 'Attach an HTTPRoute to this listener; now it answers 404.'],
  name_in_namespaces: ['note', 'Callers that leave the namespace out reach the one of their own.'],
  unsupported_by_proxies: ['warning', 'Give these proxies a newer Envoy, or do without this where they serve.'],
  version_name_ambiguous: ['error', 'Rename one agent: both have a version of this object name, and a route can mean only one.'],
} as const satisfies Record<string, readonly [Severity, string]>
export type AnalysisCode = keyof typeof ANALYSES

export const AnalysisFinding = z.object({
  object: ObjectRef,
  /** RFC 6901 from the object's root. */
  pointer: z.string(),
  code: z.enum(Object.keys(ANALYSES) as [AnalysisCode, ...AnalysisCode[]]), // keys of the table above
  severity: Severity,
  detail: z.string(),
  fix: z.string(),
  /** Those that it concerns, where it is about some proxies alone. */
  proxies: z.array(z.string()),
})
export type AnalysisFinding = z.infer<typeof AnalysisFinding>

export const Analysis = z.object({ revision: z.number().int(), items: z.array(AnalysisFinding) })
