/** What a route's parents say to it. https://gateway-api.sigs.k8s.io/reference/spec/#routestatus */
import { z } from 'zod'
import { ParentRef } from './http-route.ts'

export const Condition = z.object({
  type: z.enum(['Accepted', 'ResolvedRefs']),
  status: z.enum(['True', 'False']),
  /** One word, as the Gateway API names it. */
  reason: z.string(),
  message: z.string(),
  observedGeneration: z.number().int(),
})
export type Condition = z.infer<typeof Condition>

export const RouteStatus = z.object({ parents: z.array(z.object({ parentRef: ParentRef, controllerName: z.literal('heddle.dev/control'), conditions: z.array(Condition) })) })
export type RouteStatus = z.infer<typeof RouteStatus>
