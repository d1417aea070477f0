import type { Metadata, Viewport } from 'next'
import { GeistMono } from 'geist/font/mono'
import { GeistSans } from 'geist/font/sans'
import { cookies } from 'next/headers'
import type { ReactNode } from 'react'
import { THEME_COOKIE, parseTheme } from '#components/shell/theme.ts'
import './globals.css'

export const metadata: Metadata = { title: { template: '%s · Heddle', default: 'Heddle' }, description: 'The console of an agent service mesh' }
export const viewport: Viewport = { width: 'device-width', initialScale: 1 }

/** The theme is a cookie, so that the first byte already has the right colours and no script runs before paint. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const theme = parseTheme((await cookies()).get(THEME_COOKIE)?.value)
  return (
    <html lang="en" data-theme={theme === 'system' ? undefined : theme} className={`${GeistSans.variable} ${GeistMono.variable}`}>
      <body>{children}</body>
    </html>
  )
}
