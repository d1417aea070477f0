import { setTimeout as sleep } from 'node:timers/promises'
import { MeshError } from '../contracts/errors.ts'
import type { RevisionStatus } from '../contracts/status.ts'
import type { Api } from './client.ts'

const POLL_MS = 250

/** Says how far a revision is each time that changes, until it is accepted or superseded; throws `invalid` when a proxy refuses it. */
export async function watchRevision(api: Api, mesh: string, revision: number, say: (line: string) => void): Promise<void> {
  for (let said = ''; ; await sleep(POLL_MS)) {
    const status = await api.get<RevisionStatus>(`/revisions/${revision}/status`, { mesh })
    const line = describeStatus(status)
    if (line !== said) say((said = line))
    if (status.state === 'rejected') throw new MeshError('invalid', status.rejected.map((one) => `${one.proxy} refuses ${one.resource}: ${one.reason}`).join('\n'))
    if (status.state !== 'pending') return
  }
}

export function describeStatus({ revision, state, of, accepted, disconnected }: RevisionStatus): string {
  const away = disconnected.length > 0 ? `; not connected: ${disconnected.join(', ')}` : ''
  if (state === 'superseded') return `Revision ${revision} was overtaken by a later one`
  if (of === 0 && state === 'pending') return `Revision ${revision} is stored; no control process has looked at it yet`
  if (of === 0) return `Revision ${revision} is applied: no connected proxy needs it, one that joins starts with it${away}`
  return `Revision ${revision} is accepted by ${accepted} of ${of} proxies${away}`
}
