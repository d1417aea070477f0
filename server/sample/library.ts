// The library that search-tools searches. Small on purpose: the sample shows traffic, not knowledge.
interface Passage {
  topic: string
  facts: string[]
}

export const LIBRARY: readonly Passage[] = [
  { topic: 'tides', facts: ['The moon pulls the sea.', 'High water comes twice a day.', 'The sun makes spring tides strong.'] },
  { topic: 'bridges', facts: ['The old bridge is of stone.', 'A long bridge hangs from steel.', 'Wind can move a bridge.'] },
  { topic: 'coffee', facts: ['Coffee grows in warm mountains.', 'Hot water takes the taste from the bean.', 'Old coffee is bitter.'] },
  { topic: 'bees', facts: ['A bee dances to show the way.', 'The queen lives for years.', 'Flowers need bees.'] },
  { topic: 'glass', facts: ['Glass is made of sand and fire.', 'Old glass is green.', 'Light goes through glass.'] },
  { topic: 'trains', facts: ['The first train was slow.', 'Steel wheels need little power.', 'A fast train needs a straight way.'] },
  { topic: 'salt', facts: ['Salt comes from the sea and from mountains.', 'Salt keeps food for years.', 'Water with salt is heavy.'] },
  { topic: 'clocks', facts: ['A clock needs a steady beat.', 'The sun was the first clock.', 'Ships need a clock to find the way.'] },
  { topic: 'weaving', facts: ['A heddle guides each thread.', 'The loom makes cloth of many threads.', 'Old cloth shows the way of trade.'] },
  { topic: 'volcanoes', facts: ['A volcano is a mountain with fire.', 'Old ash makes good ground.', 'Warm water shows where fire is near.'] },
]

/** Passages whose topic is named in the query, as lines; says so when nothing is known. */
export function searchLibrary(query: string): string {
  const words = query.toLowerCase()
  const found = LIBRARY.filter(({ topic }) => words.includes(topic))
  if (found.length === 0) return `The library has nothing about “${query.slice(0, 80)}”.`
  return found.flatMap(({ facts }) => facts).map((fact) => `- ${fact}`).join('\n')
}
