// One Heddle with the sample fleet for all stories of a run.
import type { TestProject } from 'vitest/node'
import { readConfig } from '../server/config.ts'
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
  const living = livingHeddle(process.env)
  if (living) return void project.provide('heddle', living)
  const heddle = await startHeddle({ env: { HEDDLE_SAMPLE: 'on' } })
  const sampleUrl = `http://127.0.0.1:${heddle.ports.sampleGateway}/`
  const task = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ task: 'Explain tides in German' }) }
  await eventually('the sample fleet answers', 200_000, async () => (await fetch(sampleUrl, task)).status === 200)
  project.provide('heddle', { url: heddle.url, token: heddle.token, home: heddle.home, env: heddle.env, sampleUrl })
  return () => heddle[Symbol.asyncDispose]()
}

/** While stories are written: with HEDDLE_STORIES=living they are told over the Heddle that the settings in the environment name. */
function livingHeddle(env: NodeJS.ProcessEnv): StoryHeddle | null {
  if (env.HEDDLE_STORIES !== 'living') return null
  const { home, publicUrl, adminToken, sampleGatewayPort } = readConfig(env)
  const settings = Object.entries(env).filter((entry): entry is [string, string] => entry[0].startsWith('HEDDLE_'))
  return { url: publicUrl, token: adminToken, home, env: Object.fromEntries(settings), sampleUrl: `http://127.0.0.1:${sampleGatewayPort}/` }
}
