import type { ProxyAnswer } from '#server/contracts/proxy-question.ts'

interface Sent {
  typeUrl: string
  name: string
  acked: string | null
}

export interface RunningVersion {
  typeUrl: string
  name: string
  /** What it took, and what it runs; null for nothing, empty where Envoy does not tell. */
  taken: string | null
  runs: string | null
  isSame: boolean
}

type Running = Extract<ProxyAnswer, { about: 'config' }>['resources']

/** What a proxy took against what its Envoy says that it runs; what differs comes first. Only of types whose versions an Envoy tells. */
export function compareVersions(sent: readonly Sent[], runs: Running): RunningVersion[] {
  const types = new Set(runs.map(({ typeUrl }) => typeUrl))
  const running = new Map(runs.map((one) => [`${one.typeUrl} ${one.name}`, one]))
  const taken = sent.filter(({ typeUrl, acked }) => acked !== null && types.has(typeUrl))
  const known = new Set(taken.map(({ typeUrl, name }) => `${typeUrl} ${name}`))
  const rows = [
    ...taken.map(({ typeUrl, name, acked }) => ({ typeUrl, name, taken: acked, runs: running.get(`${typeUrl} ${name}`)?.version ?? null })),
    ...runs.filter(({ typeUrl, name }) => !known.has(`${typeUrl} ${name}`)).map(({ typeUrl, name, version }) => ({ typeUrl, name, taken: null, runs: version })),
  ]
  return rows.map((row) => ({ ...row, isSame: row.taken === row.runs || (row.taken !== null && row.runs === '') })).toSorted((a, b) => Number(a.isSame) - Number(b.isSame))
}
