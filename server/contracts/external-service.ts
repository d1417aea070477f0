// A host outside the mesh that agents call: who may, by whom TLS is spoken, and which credential goes along.
import { z } from 'zod'
import { DnsLabel } from './ids.ts'
import { HEDDLE_API, ObjectMeta } from './meta.ts'

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

/** Why this is no name of a host as a call says it; null when it is one. */
export function whyNoHost(text: string): string | null {
  if (/[/?#@\s]/.test(text)) return 'a host alone, such as api.example.com: no scheme, no path'
  if (text.includes('*')) return 'one host, without “*”: each is allowed by its own name'
  if (/^[\d.]+$/.test(text) || text.startsWith('[') || (text.match(/:/g)?.length ?? 0) > 1) return 'a name, not an IP address: put the address in `addresses`'
  if (text.includes(':')) return 'a host alone; the port stands in `port`'
  if (text !== text.toLowerCase()) return 'in lower case'
  if (!text.includes('.')) return 'a name with a dot: names without one are those of agents'
  if (text === 'mesh' || text.endsWith('.mesh')) return 'a name outside the mesh: those under .mesh are its own'
  if (text.length > 253 || !text.split('.').every((label) => LABEL.test(label))) return 'a host name: labels of letters, digits and hyphens, with dots between them'
  return null
}

export const ExternalHost = z.string().superRefine((text, context) => {
  const message = whyNoHost(text)
  if (message !== null) context.addIssue({ code: 'custom', message })
})

/** Agents of `namespaces`, or of the service's own namespace when none is named. */
export const ExternalCaller = z
  .strictObject({ agents: z.array(DnsLabel).max(256).default([]), namespaces: z.array(DnsLabel).max(256).default([]) })
  .refine(({ agents, namespaces }) => agents.length + namespaces.length > 0, 'name at least one agent or namespace')
export type ExternalCaller = z.infer<typeof ExternalCaller>

/** Headers that say where a message goes or ends; a credential in one of them would break the call. */
const FRAMING = /^(host|connection|content-length|transfer-encoding|upgrade|te|trailer|keep-alive|proxy-.*|x-envoy-.*|x-heddle-.*)$/

/** A secret by the name that `heddle sidecar --credential NAME=HOST,…` gives it beside the proxy; no secret is ever in an object. */
export const CredentialRef = z.strictObject({
  name: DnsLabel,
  header: z
    .string()
    .regex(/^[a-z0-9][-a-z0-9_]{0,62}$/, 'a header’s name in lower case')
    .refine((name) => !FRAMING.test(name), 'a header that carries a credential, such as authorization or x-api-key')
    .default('authorization'),
  /** Before the secret in the header, such as `Bearer `. */
  prefix: z.string().regex(/^[ -~]{0,64}$/, 'at most 64 printable characters').default(''),
})

const ServiceTls = z.strictObject({
  /** Passthrough: the agent speaks TLS itself, inside a CONNECT. Originate: it speaks plain HTTP, and its sidecar TLS. None: nobody does. */
  mode: z.enum(['Passthrough', 'Originate', 'None']).default('Passthrough'),
  /** Whose certificates count, by the name that `heddle sidecar --ca NAME=FILE` gives it; the system's own when left out. */
  caRef: z.strictObject({ name: DnsLabel }).optional(),
})

export const ExternalServiceSpec = z
  .strictObject({
    host: ExternalHost,
    port: z.number().int().min(1).max(65_535).default(443),
    type: z.enum(['service', 'tool', 'model']).default('service'),
    access: z.enum(['Allow', 'Block']).default('Allow'),
    tls: ServiceTls.default({ mode: 'Passthrough' }),
    /** Where the host is, when DNS is not to be asked. */
    addresses: z.array(z.union([z.ipv4(), z.ipv6()], 'an IPv4 or IPv6 address')).max(16).default([]),
    /** Who may call it; every agent of the service's namespace when left out. */
    from: z.array(ExternalCaller).max(64).default([]),
    credential: CredentialRef.optional(),
  })
  .superRefine(({ tls, credential }, context) => {
    const needs = (path: string[], what: string) => context.addIssue({ code: 'custom', path, message: `${what} needs tls.mode Originate` })
    if (tls.caRef && tls.mode !== 'Originate') needs(['tls', 'caRef'], 'a CA of its own')
    if (credential && tls.mode !== 'Originate') needs(['credential'], 'a credential')
  })
export type ExternalServiceSpec = z.infer<typeof ExternalServiceSpec>

export const ExternalService = z.strictObject({
  apiVersion: z.literal(HEDDLE_API),
  kind: z.literal('ExternalService'),
  metadata: ObjectMeta.extend({ name: DnsLabel }),
  spec: ExternalServiceSpec,
  status: z.unknown().optional(),
})
export type ExternalService = z.infer<typeof ExternalService>

/** What one click makes of a host that was called: as it is called now, in plaintext or by the agent's own TLS. */
export function draftService({ namespace, host, access, plaintext }: { namespace: string; host: string; access: ExternalServiceSpec['access']; plaintext: boolean }) {
  const name = host.replaceAll('.', '-').slice(0, 63).replace(/-+$/, '')
  const way = plaintext && access === 'Allow' ? { port: 80, tls: { mode: 'None' as const } } : {}
  return { apiVersion: HEDDLE_API, kind: 'ExternalService' as const, metadata: { name, namespace }, spec: { host, access, ...way } }
}
