import { z } from 'zod'
import { MtlsMode } from './agent.ts'
import { AgentTarget, HEDDLE_API, ObjectMeta } from './meta.ts'

/** Whether plaintext is taken: for the agents it names, or for its whole namespace when it names none. It wins over `Agent.spec.mtls`. */
export const PeerAuthentication = z.strictObject({
  apiVersion: z.literal(HEDDLE_API),
  kind: z.literal('PeerAuthentication'),
  metadata: ObjectMeta,
  spec: z.strictObject({
    targetRefs: z.array(AgentTarget).max(64).default([]),
    mtls: MtlsMode,
  }),
  status: z.unknown().optional(),
})
export type PeerAuthentication = z.infer<typeof PeerAuthentication>
