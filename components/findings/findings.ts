import type { AnalysisFinding, Severity } from '#server/contracts/analysis.ts'
import { describeRef, type ObjectRef } from '#server/contracts/object.ts'
import type { MarkState } from '#components/ui/StateMark.tsx'

export const SEVERITY_MARKS: Record<Severity, MarkState> = { error: 'bad', warning: 'warn', note: 'info' }

export function findingsOf(findings: readonly AnalysisFinding[], at: ObjectRef): AnalysisFinding[] {
  return findings.filter(({ object }) => describeRef(object) === describeRef(at))
}

/** What a list says of an object beside how the proxies took it: where it does not work first; null when there is nothing that hurts. */
export function describeFindings(own: readonly AnalysisFinding[]): { state: MarkState; words: string; title: string } | null {
  const hurting = own.filter(({ severity }) => severity !== 'note')
  if (hurting.length === 0) return null
  const state = SEVERITY_MARKS[hurting.some(({ severity }) => severity === 'error') ? 'error' : 'warning']
  const title = hurting.map(({ detail }) => detail).join('; ')
  const without = new Set(hurting.flatMap(({ code, proxies }) => (code === 'unsupported_by_proxies' ? proxies : [])))
  if (without.size > 0) return { state, title, words: `not supported by ${without.size === 1 ? 'one proxy' : `${without.size} proxies`}` }
  return { state, title, words: hurting.length === 1 ? 'one finding' : `${hurting.length} findings` }
}

/** Fits every word of a search: the code, the object, the sentence. */
export function isFound({ code, object, detail }: AnalysisFinding, query: string): boolean {
  const text = `${code} ${describeRef(object)} ${detail}`.toLowerCase()
  return query.toLowerCase().split(/\s+/).every((word) => text.includes(word))
}
