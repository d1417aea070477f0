// What the sample fleet and the API say to each other: the fleet reports each second and is told what is wanted of it.
import { z } from 'zod'

/** The knobs of `PUT /api/v1/sample`. `failureShare` is the share of the model's answers that fail (5xx or 429). */
export const SampleKnobs = z.strictObject({
  /** Tasks a second. */
  rate: z.number().min(0).max(200),
  failureShare: z.number().min(0).max(1),
})
export type SampleKnobs = z.infer<typeof SampleKnobs>

export const SAMPLE_KNOBS_DEFAULT: SampleKnobs = { rate: 2, failureShare: 0.02 }

/** What one agent process received from one caller at one path, and what it answered, since it started. */
export const SampleCount = z.strictObject({
  /** SPIFFE id from the client-certificate header; `outside` for what came by the mesh's gateway. */
  caller: z.string().max(2048),
  path: z.string().max(2048),
  /** Answers below 500, which are not errors of the mesh; `refused` (4xx) are counted within. */
  ok: z.number().int().min(0),
  error: z.number().int().min(0),
})
export type SampleCount = z.infer<typeof SampleCount>

export const SampleAgentReport = z.strictObject({
  agent: z.string().max(63),
  version: z.string().max(60),
  /** Tells replicas apart: `researcher-v1-2`. */
  instance: z.string().max(253),
  pid: z.number().int(),
  received: z.array(SampleCount).max(1000),
  /** Requests turned away because they did not come from the agent's own sidecar. */
  strangers: z.number().int().min(0),
})
export type SampleAgentReport = z.infer<typeof SampleAgentReport>

export const SampleReport = z.strictObject({
  knobs: SampleKnobs,
  /** Tasks of the traffic source; `skipped` were due while too many were under way. */
  traffic: z.strictObject({ started: z.number().int(), ok: z.number().int(), failed: z.number().int(), skipped: z.number().int(), inFlight: z.number().int() }),
  agents: z.array(SampleAgentReport).max(100),
})
export type SampleReport = z.infer<typeof SampleReport>

/** The answer to a report: what is wanted of the fleet. `running: false` ends it. */
export const SampleDesired = SampleKnobs.extend({ running: z.boolean() })
export type SampleDesired = z.infer<typeof SampleDesired>
