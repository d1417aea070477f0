'use client'
import dynamic from 'next/dynamic'
import { useMemo } from 'react'
import { Notice } from '#components/ui/Notice.tsx'
import { Skeleton } from '#components/ui/Skeleton.tsx'
import type { CodeFinding } from './CodeEditor.tsx'
import type { FormFinding } from './form-context.tsx'
import type { Draft } from './use-draft.ts'
import { rangeOf } from './yaml.ts'

const CodeEditor = dynamic(() => import('./CodeEditor.tsx'), { ssr: false, loading: () => <Skeleton className="h-[420px] w-full" /> })

/** The draft as YAML, with each finding at its place. */
export function ObjectYaml({ draft, findings, pointer, why, label }: { draft: Draft; findings: readonly FormFinding[]; pointer: string | null; why: string | null; label: string }) {
  const marks = useMemo<CodeFinding[]>(() => {
    if (!draft.parsed.readable) return draft.parsed.problems.map((problem) => ({ from: problem.from, to: problem.to, severity: 'error', message: problem.detail }))
    return findings.map((finding) => ({ ...rangeOf(draft.text, finding.pointer), severity: finding.severity, message: finding.detail }))
  }, [draft.parsed, draft.text, findings])
  const goTo = useMemo(() => (pointer === null || !draft.parsed.readable ? null : rangeOf(draft.text, pointer)), [pointer]) // eslint-disable-line react-hooks/exhaustive-deps -- goes there once
  return (
    <div className="grid gap-3">
      {!draft.parsed.readable && draft.parsed.problems.slice(0, 3).map((problem) => <Notice key={problem.from} state="bad">Line {problem.line}: {problem.detail}</Notice>)}
      <CodeEditor text={draft.text} label={label} onChange={draft.setText} findings={marks} goTo={goTo} readOnly={why !== null} />
    </div>
  )
}
