'use client'
import NextLink from 'next/link'
import { useSearchParams } from 'next/navigation'
import type { ComponentProps } from 'react'

/** What a page shows of time belongs to the whole console: a link carries it on unless it says otherwise. */
export const KEPT_PARAMS = ['range', 'from', 'to', 'mesh'] as const

/** `href` with the kept parameters of the present page, where it has none of its own. */
export function keepParams(href: string, present: URLSearchParams): string {
  const [path = '', query = ''] = href.split('?', 2)
  const params = new URLSearchParams(query)
  if (KEPT_PARAMS.some((name) => name !== 'mesh' && params.has(name))) return href
  for (const name of KEPT_PARAMS) {
    const value = present.get(name)
    if (value !== null && !params.has(name)) params.set(name, value)
  }
  const text = params.toString()
  return text ? `${path}?${text}` : path
}

/** A link within the console that keeps the time range. */
export function Link({ href, ...rest }: Omit<ComponentProps<typeof NextLink>, 'href'> & { href: string }) {
  return <NextLink {...rest} href={keepParams(href, useSearchParams())} />
}
