import type { DryRun } from '#server/contracts/status.ts'
import { call } from './call.ts'

/** Takes a revision back: a new revision with what was before it. Answers its number. */
export async function revertRevision(revision: number, reason: string): Promise<number> {
  const { body, headers } = await call<{ revision?: number } | null>(`/revisions/${revision}/revert`, { method: 'POST', body: { reason } })
  return body?.revision ?? Number(headers.get('x-heddle-revision'))
}

export async function planRevert(revision: number, signal?: AbortSignal): Promise<DryRun> {
  return (await call<DryRun>(`/revisions/${revision}/revert`, { method: 'POST', body: {}, query: { dryRun: 'All' }, signal })).body
}
