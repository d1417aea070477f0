import { LIBRARY } from './library.ts'

const LANGUAGES = ['German', 'French', 'Spanish'] as const
const FORMS = [
  (topic: string, language: string) => `Explain ${topic} in ${language}`,
  (topic: string, language: string) => `Write a short note about ${topic} in ${language}`,
  (topic: string, language: string) => `What should a visitor know about ${topic}? Answer in ${language}`,
]

/** The n-th task of the traffic source: every topic, language and form comes round. */
export function taskNumber(n: number): string {
  const topic = LIBRARY[n % LIBRARY.length]?.topic ?? 'tides'
  const language = LANGUAGES[Math.floor(n / 2) % LANGUAGES.length] ?? 'German'
  const form = FORMS[Math.floor(n / 3) % FORMS.length] ?? FORMS[0]
  return form ? form(topic, language) : topic
}

/** What the orchestrator understands of a task: its topic, and a language (German when none is named). */
export function parseTask(text: string): { topic: string; language: string } {
  const language = LANGUAGES.find((name) => new RegExp(`\\b${name}\\b`, 'i').test(text)) ?? 'German'
  return { topic: text, language }
}
