import { parsePointer } from './pointer.ts'

const WORDS: Record<string, string> = { rules: 'rule', matches: 'match', backendRefs: 'backend', parentRefs: 'parent', filters: 'filter', headers: 'header', queryParams: 'query parameter', hostnames: 'host name', targetRefs: 'target', from: 'caller', to: 'operation' }

/** A pointer for people: `/spec/rules/0/matches/1/path/value` is “rule 1, match 2, path value”. */
export function printPlace(pointer: string): string {
  const parts = parsePointer(pointer).filter((part, index) => !(index === 0 && part === 'spec'))
  const words: string[] = []
  for (let index = 0; index < parts.length; index += 1) {
    const [part = '', next] = parts.slice(index)
    if (next !== undefined && /^\d+$/.test(next)) {
      words.push(`${WORDS[part] ?? part} ${Number(next) + 1}`)
      index += 1
    } else words.push(part)
  }
  const text = words.reduce((sentence, word, index) => sentence + (index === 0 ? '' : /\d$/.test(words[index - 1] ?? '') ? ', ' : ' ') + word, '')
  return text.charAt(0).toUpperCase() + text.slice(1) || 'The object'
}
