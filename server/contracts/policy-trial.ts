/** Calls that an agent took lately, a policy tried on them before it is enforced, and the least policy that lets them through. */
import { z } from 'zod'
import { AuthorizationPolicy } from './authorization-policy.ts'
import { ObjectRef } from './object.ts'
import { PeerAuthentication } from './peer-authentication.ts'

/** Calls of one caller with one method and path, as the callee's sidecar saw them. */
export const ObservedCall = z.object({
  /** A SPIFFE id; null came without one. */
  caller: z.string().nullable(),
  method: z.string(),
  /** Without its query. */
  path: z.string(),
  calls: z.number().int(),
  /** Of them, those that a policy or a revocation refused then. */
  refused: z.number().int(),
})
export type ObservedCall = z.infer<typeof ObservedCall>

export const ObservedCalls = z.object({
  agent: z.string(),
  from: z.string(),
  to: z.string(),
  calls: z.number().int(),
  /** Where there were more calls than are read: the oldest of those that were, else null. */
  cutAt: z.string().nullable(),
  items: z.array(ObservedCall),
})
export type ObservedCalls = z.infer<typeof ObservedCalls>

export const TrialWindow = z.string().max(16).default('1h')

/** Who gets in is said by either: by name, or by having an identity at all. */
export const TriablePolicy = z.discriminatedUnion('kind', [AuthorizationPolicy, PeerAuthentication])
export type TriablePolicy = z.infer<typeof TriablePolicy>

export const PolicyTrialRequest = z.strictObject({ policy: TriablePolicy, window: TrialWindow })

const TrialRow = z.object({
  agent: z.string(),
  caller: z.string().nullable(),
  method: z.string(),
  path: z.string(),
  calls: z.number().int(),
  /** Who decides with the policy enforced, in a sentence, and its object where it is one. */
  why: z.string(),
  by: ObjectRef.nullable(),
})
export type TrialRow = z.infer<typeof TrialRow>

export const PolicyTrial = z.object({
  from: z.string(),
  to: z.string(),
  /** Calls that were read, and of them those whose answer the policy changes. */
  calls: z.number().int(),
  refusedCalls: z.number().int(),
  admittedCalls: z.number().int(),
  cutAt: z.string().nullable(),
  /** The most calls first. */
  refused: z.array(TrialRow),
  admitted: z.array(TrialRow),
})
export type PolicyTrial = z.infer<typeof PolicyTrial>

export const PolicyProposal = z.object({
  agent: z.string(),
  from: z.string(),
  to: z.string(),
  calls: z.number().int(),
  cutAt: z.string().nullable(),
  /** Null when nobody called. */
  policy: AuthorizationPolicy.nullable(),
  /** What it leaves out, and what to look at before it is enforced. */
  notes: z.array(z.string()),
})
export type PolicyProposal = z.infer<typeof PolicyProposal>
