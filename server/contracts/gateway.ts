import { z } from 'zod'
import { DnsLabel } from './ids.ts'
import { GATEWAY_API, GROUP, ObjectMeta } from './meta.ts'

/** A certificate by the name that `heddle sidecar --certificate NAME=CERT,KEY` gives to files beside the proxy; no key is ever in an object. */
const CertificateRef = z.strictObject({ group: z.literal(GROUP).default(GROUP), kind: z.literal('CertificateFile').default('CertificateFile'), name: DnsLabel })

/** Of several certificates the one for the name in the client's greeting is shown, else the first. */
const ListenerTls = z.strictObject({ mode: z.literal('Terminate').default('Terminate'), certificateRefs: z.array(CertificateRef).min(1).max(16) })

/** HTTP from outside, taken by the sidecar of the agent that `infrastructure.parametersRef` names. */
export const GatewayListener = z
  .strictObject({
    name: z.string().min(1).max(253).regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/),
    port: z.number().int().min(1).max(65535),
    protocol: z.enum(['HTTP', 'HTTPS']),
    hostname: z.string().max(253).optional(),
    tls: ListenerTls.optional(),
  })
  .refine(({ protocol, tls }) => (protocol === 'HTTPS') === (tls !== undefined), { path: ['tls'], message: 'HTTPS needs tls with a certificate, and HTTP takes none' })
export type GatewayListener = z.infer<typeof GatewayListener>

const IpAddress = z.union([z.ipv4(), z.ipv6()], 'an IPv4 or IPv6 address')

export const GatewaySpec = z.strictObject({
  gatewayClassName: z.literal('heddle').default('heddle'),
  /** Where the listeners bind on the proxy's machine; loopback when left out. */
  addresses: z.array(z.strictObject({ type: z.literal('IPAddress').default('IPAddress'), value: IpAddress })).max(1).default([]),
  listeners: z.array(GatewayListener).min(1).max(64),
  infrastructure: z.strictObject({
    parametersRef: z.strictObject({ group: z.literal(GROUP), kind: z.literal('Agent'), name: DnsLabel }),
  }),
})

export const Gateway = z.strictObject({
  apiVersion: z.literal(GATEWAY_API),
  kind: z.literal('Gateway'),
  metadata: ObjectMeta,
  spec: GatewaySpec,
  status: z.unknown().optional(),
})
export type Gateway = z.infer<typeof Gateway>
