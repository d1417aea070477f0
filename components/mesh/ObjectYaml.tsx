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

const SHOWN_MAX = 4

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

/** The draft as YAML, with each finding at its place. */
export function ObjectYaml({ draft, findings, pointer, why, label }: { draft: Draft; findings: readonly FormFinding[]; pointer: string | null; why: string | null; label: string }) {
  const marks = useMemo<CodeFinding[]>(() => {
    if (!draft.parsed.readable) return draft.parsed.problems.map((problem) => ({ from: problem.from, to: problem.to, severity: 'error', message: problem.detail }))
    return findings.map((finding) => ({ ...rangeOf(draft.text, finding.pointer), severity: finding.severity, message: finding.detail }))
  }, [draft.parsed, draft.text, findings])
  const goTo = useMemo(() => (pointer === null || !draft.parsed.readable ? null : rangeOf(draft.text, pointer)), [pointer]) // eslint-disable-line react-hooks/exhaustive-deps -- goes there once
  return (
    <div className="grid gap-3">
      {marks.length > 0 && (
        <ul aria-label="Problems" className="m-0 grid list-none gap-1.5 p-0">
          {marks.slice(0, SHOWN_MAX).map((mark) => <li key={`${mark.from} ${mark.message}`}><Notice state={mark.severity === 'error' ? 'bad' : 'warn'}>Line {lineOf(draft.text, mark.from)}: {mark.message}</Notice></li>)}
          {marks.length > SHOWN_MAX && <li className="text-muted">and {marks.length - SHOWN_MAX} more, marked in the text</li>}
        </ul>
      )}
      <CodeEditor text={draft.text} label={label} onChange={draft.setText} findings={marks} goTo={goTo} readOnly={why !== null} />
    </div>
  )
}
