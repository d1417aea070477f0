// One Heddle with the sample fleet for all stories of a run.
import type { TestProject } from 'vitest/node'
import { startHeddle } from '../server/testing/heddle.ts'
import { eventually } from '../server/testing/load.ts'

/** Where the Heddle of the stories is. */
export interface StoryHeddle {
  url: string
  token: string
  home: string
  env: Record<string, string>
  sampleUrl: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    heddle: StoryHeddle
  }
}

export default async function setup(project: TestProject) {
  const heddle = await startHeddle({ env: { HEDDLE_SAMPLE: 'on' } })
  const sampleUrl = `http://127.0.0.1:${heddle.ports.sampleGateway}/`
  const task = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ task: 'Explain tides in German' }) }
  await eventually('the sample fleet answers', 200_000, async () => (await fetch(sampleUrl, task)).status === 200)
  project.provide('heddle', { url: heddle.url, token: heddle.token, home: heddle.home, env: heddle.env, sampleUrl })
  return () => heddle[Symbol.asyncDispose]()
}
