import { z } from 'zod'
import { meshUrl } from './fleet.ts'
import { chat, recordChat } from './genai.ts'

export const MODEL = 'sample-text-1'

const Completion = z.object({
  id: z.string(),
  model: z.string(),
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
  usage: z.object({ prompt_tokens: z.number().int(), completion_tokens: z.number().int() }),
})

export type AskModel = (system: string, user: string, contextId: string) => Promise<string>

/** Asks the fleet's model for a chat completion, once; a refusal or failure is thrown as a sentence. */
export function modelClient(fetchImpl: typeof fetch): AskModel {
  return (system, user, contextId) =>
    chat(MODEL, contextId, { system, user }, async (span) => {
      const response = await fetchImpl(`${meshUrl('sample-llm')}v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: MODEL, temperature: 0, messages: [{ role: 'system', content: system }, { role: 'user', content: user }] }),
      })
      const body: unknown = await response.json().catch(() => null)
      if (!response.ok) throw new Error(`the model answered ${response.status}`)
      const completion = Completion.parse(body)
      const text = completion.choices[0]?.message.content ?? ''
      recordChat(span, { id: completion.id, model: completion.model, text, inputTokens: completion.usage.prompt_tokens, outputTokens: completion.usage.completion_tokens })
      return text
    })
}
