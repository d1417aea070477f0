// The text engine behind sample-llm. It is no model: same input, same words. What it does depends on the system message.

export interface ChatMessage {
  role: string
  content: string
}

/** The answer to a conversation: a translation, a paragraph or notes, as the system message asks. */
export function complete(messages: readonly ChatMessage[]): string {
  const system = messages.find((message) => message.role === 'system')?.content ?? ''
  const user = messages.findLast((message) => message.role === 'user')?.content ?? ''
  if (system.includes('translate')) return translate(user)
  if (system.includes('paragraph')) return writeParagraph(user)
  return takeNotes(user)
}

/** About four characters a token, as a rule of thumb for English. */
export function countTokens(text: string): number {
  return Math.max(1, Math.ceil(text.length / 4))
}

/** Between 10 and 70 ms, told by the text alone, so that durations differ but a run can be repeated. */
export function latencyMsOf(messages: readonly ChatMessage[]): number {
  let sum = 0
  for (const { content } of messages) for (let i = 0; i < content.length; i += 1) sum = (sum * 31 + content.charCodeAt(i)) % 9973
  return 10 + (sum % 61)
}

function takeNotes(passages: string): string {
  const lines = passages.split('\n').filter((line) => line.startsWith('- '))
  return lines.length > 0 ? lines.slice(0, 3).join('\n') : passages.trim()
}

function writeParagraph(notes: string): string {
  const facts = notes.split('\n').map((line) => line.replace(/^- /, '').trim()).filter(Boolean)
  const [first, ...rest] = facts
  return [first, ...rest.map((fact, i) => `${['Besides,', 'And', 'Also,'][i % 3]} ${fact.charAt(0).toLowerCase()}${fact.slice(1)}`)].filter(Boolean).join(' ')
}

function translate(request: string): string {
  const match = /^Translate into (\w+): ([\s\S]*)$/.exec(request.trim())
  const language = match?.[1] ?? 'German'
  const text = match?.[2] ?? request
  const column = ['German', 'French', 'Spanish'].indexOf(language)
  if (column < 0) return text
  return text.replace(/[A-Za-z]+/g, (word) => {
    const known = WORDS[word.toLowerCase()]?.[column]
    if (known === undefined) return word
    return /^[A-Z]/.test(word) ? known.charAt(0).toUpperCase() + known.slice(1) : known
  })
}

// English: German, French, Spanish. A word that is missing stays as it is.
const WORDS: Record<string, readonly [string, string, string]> = {
  a: ['ein', 'un', 'un'], the: ['die', 'le', 'el'], and: ['und', 'et', 'y'], besides: ['außerdem', 'de plus', 'además'], also: ['auch', 'aussi', 'también'],
  is: ['ist', 'est', 'es'], was: ['war', 'était', 'era'], of: ['aus', 'de', 'de'], in: ['in', 'dans', 'en'], from: ['von', 'de', 'de'], with: ['mit', 'avec', 'con'],
  comes: ['kommt', 'vient', 'viene'], makes: ['macht', 'fait', 'hace'], made: ['gemacht', 'fait', 'hecho'], needs: ['braucht', 'exige', 'necesita'], need: ['brauchen', 'exigent', 'necesitan'],
  shows: ['zeigt', 'montre', 'muestra'], show: ['zeigen', 'montrer', 'mostrar'], keeps: ['bewahrt', 'garde', 'guarda'], grows: ['wächst', 'pousse', 'crece'], guides: ['führt', 'guide', 'guía'],
  moon: ['Mond', 'lune', 'luna'], sun: ['Sonne', 'soleil', 'sol'], sea: ['Meer', 'mer', 'mar'], water: ['Wasser', 'eau', 'agua'], fire: ['Feuer', 'feu', 'fuego'], light: ['Licht', 'lumière', 'luz'],
  bridge: ['Brücke', 'pont', 'puente'], stone: ['Stein', 'pierre', 'piedra'], steel: ['Stahl', 'acier', 'acero'], wind: ['Wind', 'vent', 'viento'], way: ['Weg', 'chemin', 'camino'],
  coffee: ['Kaffee', 'café', 'café'], mountains: ['Berge', 'montagnes', 'montañas'], mountain: ['Berg', 'montagne', 'montaña'], taste: ['Geschmack', 'goût', 'sabor'], bitter: ['bitter', 'amer', 'amargo'],
  bee: ['Biene', 'abeille', 'abeja'], bees: ['Bienen', 'abeilles', 'abejas'], queen: ['Königin', 'reine', 'reina'], flowers: ['Blumen', 'fleurs', 'flores'], years: ['Jahre', 'années', 'años'],
  glass: ['Glas', 'verre', 'vidrio'], sand: ['Sand', 'sable', 'arena'], train: ['Zug', 'train', 'tren'], wheels: ['Räder', 'roues', 'ruedas'], power: ['Kraft', 'force', 'fuerza'],
  salt: ['Salz', 'sel', 'sal'], food: ['Essen', 'nourriture', 'comida'], clock: ['Uhr', 'horloge', 'reloj'], ships: ['Schiffe', 'navires', 'barcos'], thread: ['Faden', 'fil', 'hilo'],
  threads: ['Fäden', 'fils', 'hilos'], loom: ['Webstuhl', 'métier', 'telar'], cloth: ['Stoff', 'tissu', 'tela'], volcano: ['Vulkan', 'volcan', 'volcán'], ground: ['Boden', 'sol', 'suelo'],
  old: ['alt', 'vieux', 'viejo'], long: ['lang', 'long', 'largo'], warm: ['warm', 'chaud', 'cálido'], hot: ['heiß', 'chaud', 'caliente'], first: ['erste', 'premier', 'primer'], slow: ['langsam', 'lent', 'lento'],
  fast: ['schnell', 'rapide', 'rápido'], good: ['gut', 'bon', 'bueno'], many: ['viele', 'beaucoup', 'muchos'], strong: ['stark', 'fort', 'fuerte'], heavy: ['schwer', 'lourd', 'pesado'], green: ['grün', 'vert', 'verde'],
}
