import { notFound } from 'next/navigation'

/** An address that no page has, inside the console: who is signed in keeps the navigation. */
export default function Nowhere() {
  notFound()
}
