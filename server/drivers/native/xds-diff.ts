// What a change would send: each connected proxy's resources before and after, proxies that get the same taken together.
import { compileSnapshot, type Snapshot } from '#server/compile/snapshot.ts'
import type { Resource } from '#server/compile/encode.ts'
import type { MeshState, ProxyView } from '#server/contracts/mesh-state.ts'
import type { DryRun } from '#server/contracts/status.ts'

type XdsDiff = DryRun['xdsDiff'][number]

/** Resources listed in one answer; the sentence of `moreSentence` says how many more there are. */
export const XDS_DIFF_MAX = 200

export function diffSnapshots(before: MeshState, after: MeshState, proxies: readonly ProxyView[]): XdsDiff[] {
  const groups = new Map<string, XdsDiff>()
  for (const proxy of proxies)
    for (const { typeUrl, name, was, becomes } of changedResources(compileSnapshot(before, proxy), compileSnapshot(after, proxy))) {
      const key = [typeUrl, name, was?.version, becomes?.version].join(' ')
      const group = groups.get(key)
      if (group) group.proxies.push(proxy.id)
      else groups.set(key, { typeUrl, resource: name, proxies: [proxy.id], before: was?.json ?? null, after: becomes?.json ?? null, bytes: becomes?.bytes.length ?? 0 })
    }
  return [...groups.values()]
}

interface ChangedResource {
  typeUrl: string
  name: string
  was: Resource | undefined
  becomes: Resource | undefined
}

function changedResources(before: Snapshot, after: Snapshot): ChangedResource[] {
  const types = new Set([...before.resources.keys(), ...after.resources.keys()])
  return [...types].flatMap((typeUrl) => {
    const [old, next] = [before.resources.get(typeUrl), after.resources.get(typeUrl)]
    const names = new Set([...(old?.keys() ?? []), ...(next?.keys() ?? [])])
    return [...names]
      .map((name): ChangedResource => ({ typeUrl, name, was: old?.get(name), becomes: next?.get(name) }))
      .filter(({ was, becomes }) => was?.version !== becomes?.version)
  })
}
