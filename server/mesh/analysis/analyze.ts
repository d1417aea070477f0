// What is wrong or risky in a configuration that is valid: everything that a proxy takes in silence and that has hurt people.
import { ANALYSES, type AnalysisCode, type AnalysisFinding } from '../../contracts/analysis.ts'
import type { MeshState } from '../../contracts/mesh-state.ts'
import { describeRef, type MeshObject } from '../../contracts/object.ts'
import type { Finding } from '../finding.ts'
import { compareText } from '../precedence.ts'
import { analyzeAgents } from './agents.ts'
import { analyzePolicies } from './policies.ts'
import { analyzeRoutes } from './routes.ts'
import { analyzeExpressions, analyzeRules } from './rules.ts'
import { analyzeSupport, type LackingProxy } from './support.ts'
import { analyzeTraffic } from './traffic.ts'

/** `tell(route, '/spec/rules/0', 'rule_shadowed', 'rule 2 …')`. */
export type Tell = (object: { kind: MeshObject['kind']; metadata: { namespace: string; name: string } }, pointer: string, code: AnalysisCode, detail: string, proxies?: readonly string[]) => void

const RANK = { error: 0, warning: 1, note: 2 } as const

/** The worst first; the same state gives the same list. `lacking`: proxies whose Envoy has not everything. */
export function analyzeMesh(state: MeshState, lacking: readonly LackingProxy[] = []): AnalysisFinding[] {
  return findWith(state, [...analyzersFor(lacking), analyzeExpressions])
}

const ANALYZERS = [analyzeRoutes, analyzeRules, analyzePolicies, analyzeTraffic, analyzeAgents]

function analyzersFor(lacking: readonly LackingProxy[]) {
  return [...ANALYZERS, (state: MeshState, tell: Tell) => analyzeSupport(state, lacking, tell)]
}

function findWith(state: MeshState, analyzers: readonly ((state: MeshState, tell: Tell) => void)[]): AnalysisFinding[] {
  const findings: AnalysisFinding[] = []
  const tell: Tell = ({ kind, metadata: { namespace, name } }, pointer, code, detail, proxies = []) => {
    const [severity, fix] = ANALYSES[code]
    findings.push({ object: { kind, namespace, name }, pointer, code, severity, detail, fix, proxies: [...proxies] })
  }
  for (const analyze of analyzers) analyze(state, tell)
  return findings.sort((a, b) => RANK[a.severity] - RANK[b.severity] || compareText(keyOf(a), keyOf(b)))
}

/** What a change brings that was not there before, as warnings of its plan; notes are for those who ask. */
export function warnOfChange(before: MeshState, after: MeshState, lacking: readonly LackingProxy[] = []): Finding[] {
  return analyzeChange(before, after, lacking).filter(({ severity }) => severity !== 'note').map(({ object, pointer, code, detail, fix }) => ({ object, level: 'warning', pointer, code, detail: `${detail}. ${fix}` }))
}

/** Regular expressions are left out: whoever writes must not have them read here. */
export function analyzeChange(before: MeshState, after: MeshState, lacking: readonly LackingProxy[] = []): AnalysisFinding[] {
  const analyzers = analyzersFor(lacking)
  const there = new Set(findWith(before, analyzers).map(keyOf))
  return findWith(after, analyzers).filter((finding) => !there.has(keyOf(finding)))
}

function keyOf({ object, code, pointer, detail }: AnalysisFinding): string {
  return `${describeRef(object)} ${code} ${pointer} ${detail}`
}

