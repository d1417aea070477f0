import { z } from 'zod'

/** W3C trace id, lower-case hex, never all zero. https://www.w3.org/TR/trace-context/#trace-id */
export const TraceId = z.string().regex(/^(?!0{32})[0-9a-f]{32}$/, 'a trace id is 32 lower-case hex digits, not all zero').brand<'TraceId'>()
export type TraceId = z.infer<typeof TraceId>

export const SpanId = z.string().regex(/^(?!0{16})[0-9a-f]{16}$/, 'a span id is 16 lower-case hex digits, not all zero').brand<'SpanId'>()
export type SpanId = z.infer<typeof SpanId>

/** RFC 1123 label: names of objects, namespaces and meshes (they become host names and SPIFFE path segments). */
export const DnsLabel = z
  .string()
  .min(1, { error: 'a name is needed', abort: true })
  .max(63, 'at most 63 characters')
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'lower-case letters, digits and hyphens; begins and ends with a letter or digit')
export type DnsLabel = z.infer<typeof DnsLabel>

/** `<agent>-<version>` and other longer object names: RFC 1123 subdomain. */
export const ObjectName = z
  .string()
  .min(1, { error: 'a name is needed', abort: true })
  .max(253, 'at most 253 characters')
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'lower-case letters, digits, hyphens and dots; begins and ends with a letter or digit')
export type ObjectName = z.infer<typeof ObjectName>

/** A version of an agent as its process says it: `v2`, `2026-11-01`, `1.4.0`. Part of a DNS name, so no upper case. */
export const VersionName = z
  .string()
  .min(1)
  .max(60, 'at most 60 characters')
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'lower-case letters, digits, hyphens and dots')
export type VersionName = z.infer<typeof VersionName>

/** The number of a revision within its mesh; counts from 1 without gaps. */
export const RevisionNumber = z.coerce.number().int().min(1)
export type RevisionNumber = z.infer<typeof RevisionNumber>

export const MESH_DEFAULT = 'local'
export const NAMESPACE_DEFAULT = 'default'

/** `spiffe://<trust domain>/ns/<namespace>/agent/<name>`. https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md */
export function spiffeIdOf(trustDomain: string, namespace: string, agent: string): string {
  return `spiffe://${trustDomain}/ns/${namespace}/agent/${agent}`
}

/** The reverse of `spiffeIdOf`; null for an id that is not an agent's. */
export function parseSpiffeId(id: string): { trustDomain: string; namespace: string; agent: string } | null {
  const match = /^spiffe:\/\/([^/]+)\/ns\/([^/]+)\/agent\/([^/]+)$/.exec(id)
  return match ? { trustDomain: match[1]!, namespace: match[2]!, agent: match[3]! } : null // three groups, all present on a match
}

/** Name of the read-only AgentVersion made when the first instance of a version registers. */
export function agentVersionName(agent: string, version: string): string {
  return `${agent}-${version}`
}
