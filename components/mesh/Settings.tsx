'use client'
import { parseAsStringLiteral, useQueryState } from 'nuqs'
import { Receivers } from '#components/objectives/Receivers.tsx'
import { useWhyNot } from '#components/shell/access.ts'
import { Page } from '#components/ui/Page.tsx'
import { Tabs } from '#components/ui/Tabs.tsx'
import { paths, withQuery } from '#components/paths.ts'
import { IngestHealth } from './IngestHealth.tsx'
import { OwnPassword } from './OwnPassword.tsx'
import { People } from './People.tsx'
import { Redaction } from './Redaction.tsx'
import { ScrapeTargets } from './ScrapeTargets.tsx'
import { Storage } from './Storage.tsx'
import { Tokens } from './Tokens.tsx'

const PARTS = ['tokens', 'you', 'people', 'ingest', 'redaction', 'meshes', 'alerts'] as const

/** What belongs to the person, who may come in, and whether telemetry comes in. */
export function Settings() {
  const [part] = useQueryState('part', parseAsStringLiteral(PARTS).withDefault('tokens'))
  const notAdmin = useWhyNot('admin')
  const tabs = [{ id: 'tokens', title: 'API tokens' }, { id: 'you', title: 'Your password' }, ...(notAdmin ? [] : [{ id: 'people', title: 'People' }]), { id: 'ingest', title: 'Ingest' }, { id: 'redaction', title: 'Redaction' }, { id: 'meshes', title: 'Other meshes' }, { id: 'alerts', title: 'Alerts' }]
  return (
    <Page title="Settings" command={part === 'people' ? 'npx heddle sign-in --email ann@example.com' : part === 'tokens' ? 'npx heddle token create --name ci --role viewer' : part === 'redaction' ? 'npx heddle redaction show' : part === 'meshes' ? 'npx heddle scrape status' : undefined}>
      <Tabs label="Parts of the settings" open={part} tabs={tabs.map((tab) => ({ ...tab, href: withQuery(paths.settings(), { part: tab.id }) }))} />
      {part === 'tokens' && <Tokens />}
      {part === 'you' && <OwnPassword />}
      {part === 'people' && <People />}
      {part === 'ingest' && <div className="grid gap-[18px]"><IngestHealth /><Storage /></div>}
      {part === 'redaction' && <Redaction />}
      {part === 'meshes' && <ScrapeTargets />}
      {part === 'alerts' && <Receivers />}
    </Page>
  )
}
