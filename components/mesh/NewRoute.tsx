'use client'
import { useRouter } from 'next/navigation'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { GATEWAY_API } from '#server/contracts/meta.ts'
import { useWhyNot } from '#components/shell/access.ts'
import { Card } from '#components/ui/Card.tsx'
import { Page } from '#components/ui/Page.tsx'
import { Segmented } from '#components/ui/Segmented.tsx'
import { pathOfObject, withQuery, paths } from '#components/paths.ts'
import { TextAt } from './BoundFields.tsx'
import { ChangeFlow } from './ChangeFlow.tsx'
import { ObjectFormProvider } from './form-context.tsx'
import { ObjectYaml } from './ObjectYaml.tsx'
import { RouteForm } from './RouteForm.tsx'
import type { RouteKind } from './RuleForm.tsx'
import { useChange } from './use-change.ts'

const ROUTE_KINDS = [{ id: 'HTTPRoute', title: 'HTTP' }, { id: 'GRPCRoute', title: 'gRPC' }] as const
const FORMS = [{ id: 'form', title: 'Form' }, { id: 'yaml', title: 'YAML' }] as const

const URL_STATE = { form: parseAsString.withDefault('form'), agent: parseAsString, namespace: parseAsString, kind: parseAsStringLiteral(['HTTPRoute', 'GRPCRoute']).withDefault('HTTPRoute') }

/** A route that is not there yet, as a form or as YAML; the same review as any change. Each kind has a draft of its own. */
export function NewRoute() {
  const [{ kind }] = useQueryStates(URL_STATE)
  return <NewRouteOf key={kind} kind={kind} />
}

function NewRouteOf({ kind }: { kind: RouteKind }) {
  const [{ form, agent, namespace }, set] = useQueryStates(URL_STATE)
  const router = useRouter()
  const why = useWhyNot('operator')
  const change = useChange({
    kind, at: null, stored: null,
    fresh: () => ({
      apiVersion: GATEWAY_API, kind, metadata: { name: agent ?? '', namespace: namespace ?? 'default' },
      spec: { parentRefs: [{ group: 'heddle.dev', kind: 'Agent', name: agent ?? '' }], rules: [{ ...(kind === 'HTTPRoute' ? { matches: [{ path: { type: 'PathPrefix', value: '/' } }] } : {}), backendRefs: [{ group: 'heddle.dev', kind: 'Agent', name: agent ?? '', weight: 1 }] }] },
    }),
    onApplied: (revision, object) => router.push(withQuery(pathOfObject({ ...object.metadata, kind }) ?? paths.routes(), { step: 'applied', revision })),
  })
  const { draft } = change
  const asForm = form === 'form' && draft.parsed.readable
  return (
    <Page title="New route" crumbs={[{ href: paths.routes(), label: 'Routes' }]} actions={change.step === 'edit' ? <>
      <Segmented label="Of calls" options={ROUTE_KINDS} value={kind} onChange={(next) => void set({ kind: next === 'HTTPRoute' ? null : next })} />
      <Segmented label="Edit as" options={FORMS} value={asForm ? 'form' : 'yaml'} onChange={(next) => void set({ form: next === 'form' ? null : next })} />
    </> : undefined}>
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
              <RouteForm kind={kind} />
            </div>
          </ObjectFormProvider>
        ) : <ObjectYaml draft={draft} findings={change.findings} pointer={change.pointer} why={why} label="New route as YAML" />}
      </ChangeFlow>
    </Page>
  )
}
