// `fetch` as a program has it that was told of an HTTP proxy: its sidecar.
import { ProxyAgent, fetch as undiciFetch } from 'undici'
import { listProcesses } from '../run/registry.ts'
import type { JoinedAgent, SidecarMesh } from './sidecar-mesh.ts'

/** The connections end with `things`. */
export function fetchThrough(mesh: Pick<SidecarMesh, 'home'>, { proxyId }: JoinedAgent, things: AsyncDisposableStack): typeof fetch {
  const port = listProcesses(mesh.home).find(({ role, name }) => role === 'envoy' && name === proxyId)?.ports.outbound
  const dispatcher = things.adopt(new ProxyAgent(`http://127.0.0.1:${port}`), (proxy) => proxy.close())
  return ((url: string, init?: object) => undiciFetch(url, { ...init, dispatcher })) as unknown as typeof fetch // undici's Response is the same class under another declaration
}

/** Where the agent itself listens, past the mesh. */
export function ownPort({ proxyId }: JoinedAgent): number {
  return Number(proxyId.split('-').at(-1))
}
