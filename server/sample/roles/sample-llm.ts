import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { complete, countTokens, latencyMsOf } from '../text-engine.ts'
import { MODEL } from '../model-client.ts'
import type { MountRole } from './role.ts'

const ChatRequest = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant', 'tool', 'developer']), content: z.string().max(100_000) })).min(1).max(100),
  stream: z.literal(false).optional(),
})

const FAILURES = [
  { status: 503, message: 'The model is overloaded', type: 'server_error' },
  { status: 500, message: 'The model failed', type: 'server_error' },
  { status: 429, message: 'Rate limit reached for requests', type: 'rate_limit_error' },
] as const

/** OpenAI-style chat completions over the deterministic text engine. */
export const mountSampleLlm: MountRole = ({ app, failureShare }) => {
  const nextFailure = failurePacer(failureShare)
  app.post('/v1/chat/completions', async (request, response) => {
    const parsed = ChatRequest.safeParse(request.body)
    if (!parsed.success || parsed.data.model !== MODEL) {
      const message = parsed.success ? `The model ${parsed.data.model} does not exist; this is ${MODEL}` : `Invalid request: ${z.prettifyError(parsed.error)}`
      response.status(parsed.success ? 404 : 400).json({ error: { message, type: 'invalid_request_error', param: null, code: null } })
      return
    }
    const { messages, model } = parsed.data
    await sleep(latencyMsOf(messages))
    const failure = nextFailure()
    if (failure) {
      response.status(failure.status).json({ error: { message: failure.message, type: failure.type, param: null, code: null } })
      return
    }
    const content = complete(messages)
    const promptTokens = countTokens(messages.map((message) => message.content).join(' '))
    const completionTokens = countTokens(content)
    response.json({
      id: `chatcmpl-${randomUUID()}`,
      object: 'chat.completion',
      created: Math.floor(Date.now() / 1000),
      model,
      choices: [{ index: 0, message: { role: 'assistant', content }, logprobs: null, finish_reason: 'stop' }],
      usage: { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens },
    })
  })
}

/** Spreads failures evenly: a share of 0.1 fails every tenth answer, and takes the kinds of failure in turn. */
export function failurePacer(share: () => number): () => (typeof FAILURES)[number] | undefined {
  let owed = 0
  let failed = 0
  return () => {
    owed += share()
    if (owed < 1 - 1e-9) return undefined // ten times 0.1 is a little under 1
    owed -= 1
    return FAILURES[failed++ % FAILURES.length]
  }
}
