'use client'
import { parseAsStringLiteral, useQueryState } from 'nuqs'
import { Page } from '#components/ui/Page.tsx'
import { Tabs } from '#components/ui/Tabs.tsx'
import { AgentRouteList } from './AgentRouteList.tsx'
import { DecisionList } from './DecisionList.tsx'
import { paths, type CapabilitiesTab } from '#components/paths.ts'
import { Playground } from './Playground.tsx'
import { Registry } from './Registry.tsx'
import { Strangers } from './Strangers.tsx'

const TABS: readonly { id: CapabilitiesTab; title: string; command: string }[] = [
  { id: 'agents', title: 'Who can what', command: 'npx heddle agents list' },
  { id: 'routes', title: 'Routes', command: 'npx heddle get agentroutes' },
  { id: 'playground', title: 'Where would this go?', command: 'npx heddle semantic try --route NAME "…"' },
  { id: 'decisions', title: 'Decisions', command: 'npx heddle semantic decisions' },
  { id: 'strangers', title: 'Strangers', command: 'npx heddle agents peers' },
]

/** What agents can do, who is asked for it, and why. */
export function CapabilitiesPage() {
  const [tab] = useQueryState('tab', parseAsStringLiteral(TABS.map(({ id }) => id)).withDefault('agents'))
  return (
    <Page title="Capabilities" command={TABS.find(({ id }) => id === tab)?.command ?? ''}>
      <Tabs label="Parts of this page" open={tab} tabs={TABS.map(({ id, title }) => ({ id, title, href: paths.capabilities({ tab: id }) }))} />
      <Part tab={tab} />
    </Page>
  )
}

function Part({ tab }: { tab: CapabilitiesTab }) {
  switch (tab) {
    case 'agents':
      return <Registry />
    case 'routes':
      return <AgentRouteList />
    case 'playground':
      return <Playground />
    case 'decisions':
      return <DecisionList />
    case 'strangers':
      return <Strangers />
  }
}
