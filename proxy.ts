import { NextResponse, type NextRequest } from 'next/server'

/** Tells pages their own address, so that somebody who has to sign in first comes back to where they wanted to go. */
export function proxy(request: NextRequest) {
  const headers = new Headers(request.headers)
  headers.set('x-heddle-path', request.nextUrl.pathname + request.nextUrl.search)
  return NextResponse.next({ request: { headers } })
}

export const config = { matcher: ['/((?!api/|_next/|icon.svg).*)'] }
