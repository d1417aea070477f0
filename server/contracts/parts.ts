import { z } from 'zod'

/** Which parts of Heddle are heard. The database is: it answered. `unknown` is a collector to which nobody sends. */
export const Parts = z.object({
  control: z.object({ state: z.enum(['here', 'away']), heardAt: z.string().nullable() }),
  collector: z.object({ state: z.enum(['here', 'away', 'unknown']), heardAt: z.string().nullable() }),
})
export type Parts = z.infer<typeof Parts>
