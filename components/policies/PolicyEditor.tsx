'use client'
import { Card } from '#components/ui/Card.tsx'
import { TextAt } from '#components/mesh/BoundFields.tsx'
import { ObjectFormProvider } from '#components/mesh/form-context.tsx'
import { ObjectYaml } from '#components/mesh/ObjectYaml.tsx'
import { printPlace } from '#components/mesh/place.ts'
import type { Change } from '#components/mesh/use-change.ts'
import type { PolicyKind } from './kinds.ts'
import { ProposeCard } from './ProposeCard.tsx'

interface PolicyEditorProps {
  policy: PolicyKind
  change: Change
  why: string | null
  as: 'form' | 'yaml'
  /** A new policy has its name to say as well. */
  unnamed?: boolean
  label: string
}

/** The draft as a form or as YAML, beside what it says in words. */
export function PolicyEditor({ policy, change, why, as, unnamed, label }: PolicyEditorProps) {
  const { draft, findings } = change
  const object = draft.parsed.readable ? draft.parsed.object : null
  return (
    <div className="grid items-start gap-[18px] lg:grid-cols-[minmax(0,1fr)_372px]">
      {as === 'form' && object ? (
        <ObjectFormProvider object={object} findings={findings} disabled={why !== null} change={draft.setObject} goTo={change.pointer}>
          <div className="grid gap-[18px]">
            {unnamed && <NameCard one={policy.one} />}
            <policy.Form />
          </div>
        </ObjectFormProvider>
      ) : <ObjectYaml draft={draft} findings={findings} pointer={change.pointer} why={why} label={label} />}
      <div className="grid gap-[18px] lg:sticky lg:top-3">
        <InWords policy={policy} change={change} object={object} />
        {unnamed && object && policy.kind === 'AuthorizationPolicy' && <ProposeCard object={object} why={why} onProposed={draft.setObject} />}
      </div>
    </div>
  )
}

function NameCard({ one }: { one: string }) {
  return (
    <Card title="Name">
      <div className="grid gap-2 sm:grid-cols-2">
        <TextAt path={['metadata', 'name']} label={`Name of the ${one}`} mono />
        <TextAt path={['metadata', 'namespace']} label="Namespace" optional placeholder="default" mono />
      </div>
    </Card>
  )
}

function InWords({ policy, change, object }: { policy: PolicyKind; change: Change; object: Record<string, unknown> | null }) {
  const sentences = object && policy.describe(object)
  const [first] = change.findings
  return (
    <Card title="In words">
      {sentences
        ? <ul className="m-0 grid gap-2 pl-4">{sentences.map((sentence) => <li key={sentence} className="break-words">{sentence}</li>)}</ul>
        : <p className="m-0 break-words text-muted">{!object ? 'The YAML cannot be read yet.' : first ? `${printPlace(first.pointer)}: ${first.detail}` : 'It is not whole yet.'}</p>}
      <p className="m-0 mt-3 text-sm text-muted">{policy.note}</p>
    </Card>
  )
}
