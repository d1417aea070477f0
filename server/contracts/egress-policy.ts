import { z } from 'zod'
import { AgentTarget, HEDDLE_API, ObjectMeta } from './meta.ts'

/** What happens to calls to hosts that no ExternalService names: for the agents it names, or for its whole namespace when it names none. */
export const EgressPolicy = z.strictObject({
  apiVersion: z.literal(HEDDLE_API),
  kind: z.literal('EgressPolicy'),
  metadata: ObjectMeta,
  spec: z.strictObject({
    targetRefs: z.array(AgentTarget).max(64).default([]),
    unknownHosts: z.enum(['Allow', 'Block']),
  }),
  status: z.unknown().optional(),
})
export type EgressPolicy = z.infer<typeof EgressPolicy>
