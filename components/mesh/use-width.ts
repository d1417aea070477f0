'use client'
import { useEffect, useRef, useState, type RefObject } from 'react'

/** The width of an element as it is laid out, so that a chart is drawn for it and its text keeps its size. */
export function useWidth<T extends HTMLElement>(first: number): [ref: RefObject<T | null>, width: number] {
  const ref = useRef<T>(null)
  const [width, setWidth] = useState(first)
  useEffect(() => {
    const element = ref.current
    if (!element) return
    const observer = new ResizeObserver(() => setWidth(Math.max(260, Math.round(element.clientWidth))))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return [ref, width]
}
