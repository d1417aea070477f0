'use client'
import { useRouter } from 'next/navigation'
import { parseAsString, useQueryStates } from 'nuqs'
import { GATEWAY_API } from '#server/contracts/meta.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Card } from '#components/ui/Card.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { withQuery, paths } from '#components/paths.ts'
import { TextAt } from './BoundFields.tsx'
import { ChangeFlow } from './ChangeFlow.tsx'
import { ObjectFormProvider } from './form-context.tsx'
import { ObjectYaml } from './ObjectYaml.tsx'
import { RouteForm } from './RouteForm.tsx'
import { useChange } from './use-change.ts'

const FORMS = [{ id: 'form', title: 'Form' }, { id: 'yaml', title: 'YAML' }] as const

/** A route that is not there yet, as a form or as YAML; the same review as any change. */
export function NewRoute() {
  const [{ form, agent, namespace }, set] = useQueryStates({ form: parseAsString.withDefault('form'), agent: parseAsString, namespace: parseAsString })
  const router = useRouter()
  const why = useWhyNot('operator')
  const change = useChange({
    kind: 'HTTPRoute', at: null, stored: null,
    fresh: () => ({
      apiVersion: GATEWAY_API, kind: 'HTTPRoute', metadata: { name: agent ?? '', namespace: namespace ?? 'default' },
      spec: { parentRefs: [{ group: 'heddle.dev', kind: 'Agent', name: agent ?? '' }], rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }], backendRefs: [{ group: 'heddle.dev', kind: 'Agent', name: agent ?? '', weight: 1 }] }] },
    }),
    onApplied: (revision, object) => router.push(withQuery(paths.route(object.metadata.namespace, object.metadata.name), { step: 'applied', revision })),
  })
  const { draft } = change
  const asForm = form === 'form' && draft.parsed.readable
  return (
    <Page title="New route" crumbs={[{ href: paths.routes(), label: 'Routes' }]} actions={change.step === 'edit' ? <Segmented label="Edit as" options={FORMS} value={asForm ? 'form' : 'yaml'} onChange={(next) => void set({ form: next === 'form' ? null : next })} /> : undefined}>
      <ChangeFlow change={change} stored={null} why={why} command={`npx heddle apply -f ${change.ref?.name ?? 'route'}.yaml`} onGoTo={(pointer) => change.go({ step: null, pointer })}>
        {asForm && draft.parsed.readable ? (
          <ObjectFormProvider object={draft.parsed.object} findings={change.findings} disabled={why !== null} change={draft.setObject} goTo={change.pointer}>
            <div className="grid gap-[18px]">
              <Card title="Name">
                <div className="grid gap-2 sm:grid-cols-2">
                  <TextAt path={['metadata', 'name']} label="Name of the route" placeholder="translator" mono />
                  <TextAt path={['metadata', 'namespace']} label="Namespace" optional placeholder="default" mono />
                </div>
              </Card>
              <RouteForm />
            </div>
          </ObjectFormProvider>
        ) : <ObjectYaml draft={draft} findings={change.findings} pointer={change.pointer} why={why} label="New route as YAML" />}
      </ChangeFlow>
    </Page>
  )
}
