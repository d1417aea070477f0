// An agent writes its own address into its card. Callers must come through the mesh instead, so that address becomes the mesh's.

export interface CardAddress {
  /** `http://translator.default.mesh` */
  meshOrigin: string
  /** Hosts that mean this very agent, besides loopback: the machine's own names and addresses. */
  ownHosts: ReadonlySet<string>
}

/** URLs of 1.0 (`supportedInterfaces[].url`) and 0.3 (`url`, `additionalInterfaces[].url`). A signature does not outlive a change. */
export function rewriteCard(card: unknown, address: CardAddress): { card: unknown; changed: boolean } {
  if (!isRecord(card)) return { card, changed: false }
  let changed = false
  const rewritten = (value: unknown) => {
    const url = typeof value === 'string' ? rewriteUrl(value, address) : null
    if (url !== null) changed = true
    return url ?? value
  }
  const interfaces = (list: unknown) => (Array.isArray(list) ? list.map((entry) => (isRecord(entry) && 'url' in entry ? { ...entry, url: rewritten(entry.url) } : entry)) : list)
  const next: Record<string, unknown> = { ...card }
  if ('url' in next) next.url = rewritten(next.url)
  if ('supportedInterfaces' in next) next.supportedInterfaces = interfaces(next.supportedInterfaces)
  if ('additionalInterfaces' in next) next.additionalInterfaces = interfaces(next.additionalInterfaces)
  if (!changed) return { card, changed: false }
  delete next.signatures
  return { card: next, changed: true }
}

/** Null when the URL is of somewhere else and stays. */
function rewriteUrl(text: string, { meshOrigin, ownHosts }: CardAddress): string | null {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return null // relative or not a URL: not ours to judge
  }
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const own = host === 'localhost' || host.endsWith('.localhost') || host.startsWith('127.') || host === '0.0.0.0' || host === '::' || host === '::1' || ownHosts.has(host)
  if (!own) return null
  return `${meshOrigin}${url.pathname}${url.search}${url.hash}`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
