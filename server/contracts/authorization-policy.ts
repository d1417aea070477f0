// Who may call an agent. Without a policy that selects it, an agent takes calls from its own trust domain; with an Allow
// policy only what a rule names; a Deny rule wins over every Allow.
import { z } from 'zod'
import { DnsLabel } from './ids.ts'
import { AgentTarget, HEDDLE_API, ObjectMeta } from './meta.ts'
import { HTTPMethod } from './route-filters.ts'

export const Caller = z
  .strictObject({
    /** Exact SPIFFE ids. */
    identities: z.array(z.string().min(1).max(2048)).max(256).default([]),
    /** Agents by name, in `namespace` or the policy's own. */
    agents: z.array(DnsLabel).max(256).default([]),
    namespaces: z.array(DnsLabel).max(256).default([]),
  })
  .refine((from) => from.identities.length + from.agents.length + from.namespaces.length > 0, 'name at least one identity, agent or namespace')

export const Operation = z.strictObject({
  methods: z.array(HTTPMethod).max(9).default([]),
  /** Exact paths, or prefixes when they end in `*`. */
  paths: z.array(z.string().min(1).max(1024).startsWith('/')).max(256).default([]),
  /** Tools of an MCP server, by name, read from the request itself. An Allow lets through besides what a client needs to get there. */
  tools: z.array(z.string().min(1).max(128)).max(256).default([]),
})

export const AuthorizationPolicySpec = z.strictObject({
  targetRefs: z.array(AgentTarget).min(1).max(64),
  action: z.enum(['Allow', 'Deny']),
  /** Audit refuses nobody: it only records what Enforce would have done. */
  mode: z.enum(['Enforce', 'Audit']).default('Enforce'),
  rules: z.array(z.strictObject({ from: z.array(Caller).max(64).default([]), to: z.array(Operation).max(64).default([]) })).max(64),
})
export type AuthorizationPolicySpec = z.infer<typeof AuthorizationPolicySpec>

export const AuthorizationPolicy = z.strictObject({
  apiVersion: z.literal(HEDDLE_API),
  kind: z.literal('AuthorizationPolicy'),
  metadata: ObjectMeta,
  spec: AuthorizationPolicySpec,
  status: z.unknown().optional(),
})
export type AuthorizationPolicy = z.infer<typeof AuthorizationPolicy>
