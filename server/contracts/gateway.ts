import { z } from 'zod'
import { DnsLabel } from './ids.ts'
import { GATEWAY_API, GROUP, ObjectMeta } from './meta.ts'

/** Plain HTTP from outside, bound on loopback by the sidecar of the agent that `infrastructure.parametersRef` names. */
export const GatewayListener = z.strictObject({
  name: z.string().min(1).max(253).regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/),
  port: z.number().int().min(1).max(65535),
  protocol: z.literal('HTTP'),
  hostname: z.string().max(253).optional(),
})

export const GatewaySpec = z.strictObject({
  gatewayClassName: z.literal('heddle').default('heddle'),
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
