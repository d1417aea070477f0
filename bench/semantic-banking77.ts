// The same choice on a public set that nobody of Heddle wrote: BANKING77, 77 intents of bank customers, 3,080 queries (Casanueva et al. 2020,
// CC BY 4.0, https://github.com/PolyAI-LDN/task-specific-datasets). `node bench/semantic-banking77.ts [examples an intent] [directory with train.csv and
// test.csv]`; without a directory both are fetched from there. Every intent is an agent with one skill that has no description.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { agent, agentRoute, meshState } from '#server/compile/fixtures.ts'
import { ALLOW_NOTHING } from '#server/fetch/addresses.ts'
import { openEmbedder } from '#server/semantic/embedder.ts'
import { evaluateTasks } from '#server/semantic/offline.ts'
import { seeded } from '#server/testing/seeded.ts'

const SOURCE = 'https://raw.githubusercontent.com/PolyAI-LDN/task-specific-datasets/57ec275d8078af65b7731c2a98be812d844a6d6b/banking_data'
const DRAWS = 3

const examples = Number(process.argv[2] ?? 5)
const directory = process.argv[3]
const [train, test] = [await readRows('train.csv'), await readRows('test.csv')]
const embedder = await openEmbedder({ source: '', outside: { allow: ALLOW_NOTHING } })
const tasks = test.map(({ text, intent }) => ({ task: text, agent: `default/${intent}` }))
for (let draw = 1; draw <= DRAWS; draw++) {
  const random = seeded(draw)
  const shuffled = train.map((row) => ({ row, at: random() })).toSorted((a, b) => a.at - b.at).map(({ row }) => row)
  const intents = Map.groupBy(shuffled, ({ intent }) => intent)
  const agents = [...intents].map(([intent, rows]) => agent(intent, { capabilities: [{ id: intent, examples: rows.slice(0, examples).map(({ text }) => text) }] }))
  const result = await evaluateTasks(meshState({ agents }), agentRoute('bench', { semantic: { floor: -1 } }), tasks, embedder)
  console.log(`draw ${draw}: ${agents.length} intents, ${examples} examples each, ${tasks.length} queries: accuracy ${result.accuracy?.toFixed(3)}, macro-F1 ${result.macroF1?.toFixed(3)}`)
}

interface Row {
  text: string
  intent: string
}

/** Two columns, the first quoted where it has a comma, a quote or a line end. */
async function readRows(name: string): Promise<Row[]> {
  const csv = directory === undefined ? await (await fetch(`${SOURCE}/${name}`)).text() : await readFile(join(directory, name), 'utf8')
  const rows = [...csv.matchAll(/^(?:"((?:[^"]|"")*)"|([^,\n]*)),([A-Za-z_?]+)\r?$/gm)].map(([, quoted, plain, category = '']) => ({ text: (quoted?.replaceAll('""', '"') ?? plain ?? '').trim(), intent: category.toLowerCase().replace(/[^a-z]+/g, '-').replace(/-$/, '') }))
  const read = rows.slice(1)
  if (read.length < 3000) throw new Error(`${name} is not BANKING77’s: ${read.length} rows were read`)
  return read
}
