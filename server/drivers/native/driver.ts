// The mesh that Heddle itself runs: its objects are the source, its own proxies the evidence.
import { changeMesh } from '#server/changes/change-mesh.ts'
import { KINDS, Kind } from '#server/contracts/object.ts'
import type { Db } from '#server/db/client.ts'
import { readMeshState } from '#server/db/mesh-state.ts'
import { warnOfChange } from '#server/mesh/analysis/analyze.ts'
import { planChange } from '#server/mesh/plan.ts'
import { readCertificates } from '#server/queries/certificates.ts'
import { readLackingProxies } from '#server/queries/lacking-proxies.ts'
import { readProxyViews } from '#server/queries/proxy-views.ts'
import { readRevisionStatus } from '#server/queries/revision-status.ts'
import { readTraffic } from '#server/queries/traffic.ts'
import { refuseUnwritable, type Driver, type DriverCapabilities } from '../driver.ts'
import { XDS_DIFF_MAX, diffSnapshots } from './xds-diff.ts'

const CAPABILITIES: DriverCapabilities = {
  writes: Kind.options.filter((kind) => !KINDS[kind].readOnly),
  evidence: 'acked',
  issuesCertificates: true,
}

export function nativeDriver(db: Db): Driver {
  return {
    kind: 'native',
    capabilities: CAPABILITIES,
    discover: (mesh) => readMeshState(db, mesh),

    async plan(mesh, changes) {
      const [state, proxies, traffic, lacking] = await Promise.all([readMeshState(db, mesh), readProxyViews(db, mesh), readTraffic(db, mesh), readLackingProxies(db, mesh)])
      const plan = planChange(state, changes, traffic)
      const problems = [...plan.problems, ...refuseUnwritable(CAPABILITIES, changes)]
      const xdsDiff = problems.length > 0 ? [] : diffSnapshots(state, plan.after, proxies)
      const needed = [...new Set(xdsDiff.flatMap((diff) => diff.proxies))].sort()
      return {
        ...plan,
        problems,
        warnings: problems.length > 0 ? plan.warnings : [...plan.warnings, ...warnOfChange(state, plan.after, lacking)],
        summary: [...plan.summary, ...(problems.length > 0 ? [] : [describeReach(needed.length, proxies.length, xdsDiff.length)])],
        affected: { callers: plan.callers, proxies: needed },
        xdsDiff: xdsDiff.slice(0, XDS_DIFF_MAX),
      }
    },

    async apply(request) {
      return changeMesh(db, { ...request, traffic: await readTraffic(db, request.mesh) })
    },

    observe: (mesh, revision) => readRevisionStatus(db, mesh, revision),
    certificates: (mesh) => readCertificates(db, mesh),
  }
}

function describeReach(needed: number, connected: number, resources: number): string {
  if (connected === 0) return 'No proxy is connected; those that join start with it.'
  if (needed === 0) return 'No connected proxy needs this.'
  const more = resources > XDS_DIFF_MAX ? ` The first ${XDS_DIFF_MAX} are listed.` : ''
  return `Sends ${resources} ${resources === 1 ? 'resource' : 'different resources'} to ${needed} of ${connected} connected ${connected === 1 ? 'proxy' : 'proxies'}.${more}`
}
