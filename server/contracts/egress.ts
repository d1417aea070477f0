// Hosts outside the mesh, as they were called and as somebody allowed or blocked them.
import { z } from 'zod'

export const EgressHost = z.object({
  host: z.string(),
  /** Of the callers: each namespace decides for itself. */
  namespace: z.string(),
  /** `refused` while nobody named the host and a policy blocks such hosts for all who called it; `unknown` while it passes for some. */
  state: z.enum(['allowed', 'blocked', 'unknown', 'refused']),
  /** The ExternalService that decides. */
  service: z.object({ namespace: z.string(), name: z.string(), resourceVersion: z.string() }).nullable(),
  tls: z.enum(['Passthrough', 'Originate', 'None']).nullable(),
  /** The credential's name. */
  credential: z.string().nullable(),
  /** `tunnel` for bytes inside a CONNECT. */
  protocol: z.string().nullable(),
  callers: z.array(z.object({ agent: z.string(), requests: z.number(), errors: z.number(), refused: z.number(), refusal: z.string().nullable() })),
  requests: z.number(),
  errors: z.number(),
  refused: z.number(),
})
export type EgressHost = z.infer<typeof EgressHost>
