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
import { analyzeTraffic } from './traffic.ts'

/** `tell(route, '/spec/rules/0', 'rule_shadowed', 'rule 2 …')`. */
export type Tell = (object: { kind: MeshObject['kind']; metadata: { namespace: string; name: string } }, pointer: string, code: AnalysisCode, detail: string) => void

const RANK = { error: 0, warning: 1, note: 2 } as const

/** The worst first; the same state gives the same list. */
export function analyzeMesh(state: MeshState): AnalysisFinding[] {
  return findWith(state, [...ANALYZERS, analyzeExpressions])
}

const ANALYZERS = [analyzeRoutes, analyzeRules, analyzePolicies, analyzeTraffic, analyzeAgents]

function findWith(state: MeshState, analyzers: readonly ((state: MeshState, tell: Tell) => void)[]): AnalysisFinding[] {
  const findings: AnalysisFinding[] = []
  const tell: Tell = ({ kind, metadata: { namespace, name } }, pointer, code, detail) => {
    const [severity, fix] = ANALYSES[code]
    findings.push({ object: { kind, namespace, name }, pointer, code, severity, detail, fix })
  }
  for (const analyze of analyzers) analyze(state, tell)
  return findings.sort((a, b) => RANK[a.severity] - RANK[b.severity] || compareText(keyOf(a), keyOf(b)))
}

/** What a change brings that was not there before, as warnings of its plan; notes are for those who ask. */
export function warnOfChange(before: MeshState, after: MeshState): Finding[] {
  return analyzeChange(before, after).filter(({ severity }) => severity !== 'note').map(({ object, pointer, code, detail, fix }) => ({ object, level: 'warning', pointer, code, detail: `${detail}. ${fix}` }))
}

/** Regular expressions are left out: whoever writes must not have them read here. */
export function analyzeChange(before: MeshState, after: MeshState): AnalysisFinding[] {
  const there = new Set(findWith(before, ANALYZERS).map(keyOf))
  return findWith(after, ANALYZERS).filter((finding) => !there.has(keyOf(finding)))
}

function keyOf({ object, code, pointer, detail }: AnalysisFinding): string {
  return `${describeRef(object)} ${code} ${pointer} ${detail}`
}

