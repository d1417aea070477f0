'use client'
import type { CertificateList } from '#server/contracts/security.ts'
import type { Proxy } from '#server/contracts/status.ts'
import { asks } from '#components/asks.ts'
import { useLiveQuery } from '#components/live.tsx'
import { reading } from '#components/mesh/call.ts'
import { formatShare } from '#components/ui/format.ts'
import { KeyValue } from '#components/ui/KeyValue.tsx'
import { Skeleton } from '#components/ui/Skeleton.tsx'

/** Who an agent is to the mesh: its SPIFFE id, the life of its certificates, and whether its proxies have what they should. */
export function AgentIdentity({ namespace, name }: { namespace: string; name: string }) {
  const certificates = useLiveQuery({ ...reading<CertificateList>(asks.certificates()), topics: ['identity'], everyMs: 30_000 })
  const proxies = useLiveQuery({ ...reading<{ items: Proxy[] }>(asks.proxies()), topics: ['proxies'], everyMs: 30_000 })
  const suffix = `/ns/${namespace}/agent/${name}`
  const own = certificates.data?.items.filter((svid) => svid.spiffeId.endsWith(suffix)) ?? []
  const shortest = own.toSorted((a, b) => a.lifeLeft - b.lifeLeft)[0]
  const its = proxies.data?.items.filter((proxy) => proxy.namespace === namespace && proxy.agent === name) ?? []
  if (certificates.isPending && proxies.isPending) return <Skeleton className="mt-5 h-20 w-full" />
  return (
    <section className="mt-5">
      <h3 className="m-0 mb-1 text-md font-medium">Identity</h3>
      {shortest ? <p className="m-0 mb-2 font-mono text-[12px] break-all text-muted">{shortest.spiffeId}</p> : <p className="m-0 mb-2 text-base text-muted">It has no certificate: no sidecar of it has enrolled.</p>}
      <KeyValue
        rows={[
          shortest ? ['Certificate', `${formatShare(shortest.lifeLeft)} of its life left`] : null,
          its.length > 0 ? ['Proxies in sync', `${its.filter((proxy) => proxy.state === 'synced').length} of ${its.length}`] : null,
        ]}
      />
    </section>
  )
}
