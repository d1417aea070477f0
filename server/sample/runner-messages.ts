// What the runner and an agent process say to each other over the IPC channel.
import { z } from 'zod'
import { SampleCount } from '#server/contracts/sample.ts'

export const FromRunner = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('failureShare'), share: z.number().min(0).max(1) }),
  z.strictObject({ kind: z.literal('report') }),
])
export type FromRunner = z.infer<typeof FromRunner>

export const ToRunner = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('listening') }),
  z.strictObject({ kind: z.literal('counts'), received: z.array(SampleCount), strangers: z.number().int() }),
])
export type ToRunner = z.infer<typeof ToRunner>
