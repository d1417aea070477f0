'use client'
import { useRouter } from 'next/navigation'
import { parseAsString, useQueryStates } from 'nuqs'
import { paths, withQuery, type PolicyPart } from '#components/paths.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Page } from '#components/ui/Page.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { ChangeFlow } from '#components/mesh/ChangeFlow.tsx'
import { useChange } from '#components/mesh/use-change.ts'
import { POLICY_KINDS } from './kinds.ts'
import { PolicyEditor } from './PolicyEditor.tsx'
import { TrialCard } from './TrialCard.tsx'

const FORMS = [{ id: 'form', title: 'Form' }, { id: 'yaml', title: 'YAML' }] as const

/** A policy that is not there yet, as a form or as YAML; the same review as any change. */
export function NewPolicy({ part }: { part: PolicyPart }) {
  const policy = POLICY_KINDS[part]
  const [{ form, agent, namespace }, set] = useQueryStates({ form: parseAsString, agent: parseAsString, namespace: parseAsString })
  const router = useRouter()
  const why = useWhyNot('operator')
  const change = useChange({
    kind: policy.kind, at: null, stored: null,
    fresh: () => policy.fresh(agent ?? '', namespace ?? 'default'),
    onApplied: (revision, object) => router.push(withQuery(paths.policy(part, object.metadata.namespace, object.metadata.name), { step: 'applied', revision })),
  })
  const as = form === 'yaml' || !change.draft.parsed.readable ? 'yaml' : 'form'
  return (
    <Page title={`New ${policy.one}`} crumbs={[{ href: paths.policies(part), label: policy.many }]}
      actions={change.step === 'edit' ? <Segmented label="Edit as" options={FORMS} value={as} onChange={(next) => void set({ form: next === 'form' ? null : next })} /> : undefined}>
      <ChangeFlow change={change} stored={null} why={why} command={`npx heddle apply -f ${change.ref?.name ?? 'new'}.yaml`} onGoTo={(pointer) => change.go({ step: null, pointer })}
        besideReview={(part === 'access' || part === 'mtls') && change.draft.parsed.readable ? <TrialCard object={change.draft.parsed.object} /> : undefined}>
        <PolicyEditor policy={policy} change={change} why={why} as={as} unnamed label={`New ${policy.one} as YAML`} />
      </ChangeFlow>
    </Page>
  )
}
