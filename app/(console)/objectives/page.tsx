import type { Metadata } from 'next'
import { asks } from '#components/asks.ts'
import { ObjectivesPage } from '#components/objectives/ObjectivesPage.tsx'
import { Prefetched } from '../Prefetched.tsx'

export const metadata: Metadata = { title: 'Objectives' }

export default function ObjectivesRoute() {
  return <Prefetched asks={[asks.policies('Objective'), asks.objectiveStates(), asks.alerts(null), asks.silences()]}><ObjectivesPage /></Prefetched>
}
