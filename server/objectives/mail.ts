import { createTransport } from 'nodemailer'
import type { AlertMessage } from '../contracts/objective.ts'

export interface Mail {
  /** Throws when the mail server did not take it. */
  send(to: readonly string[], message: AlertMessage): Promise<void>
  [Symbol.dispose](): void
}

const TIMEOUT_MS = 10_000

/** `url`: `smtp://user:password@host:587` or `smtps://…`; '' is no mail. Messages are plain text. https://nodemailer.com/smtp */
export function openMail({ url, from }: { url: string; from: string }): Mail | null {
  if (url === '') return null
  const transport = createTransport({ url, connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS, disableFileAccess: true, disableUrlAccess: true })
  return {
    async send(to, { id, event, summary, url, startedAt, endedAt }) {
      const text = [summary, '', `began ${startedAt}`, ...(endedAt ? [`ended ${endedAt}`] : []), '', url].join('\n')
      // A mail program shows what belongs to one alert as one conversation.
      await transport.sendMail({ from, to: [...to], subject: `[Heddle] ${summary}`, text, messageId: `<${id}.${event}@heddle>`, ...(event === 'ended' && { inReplyTo: `<${id}.began@heddle>` }) })
    },
    [Symbol.dispose]: () => transport.close(),
  }
}
