'use client'
// A thin face on CodeMirror 6: YAML, findings at their places, the same colours as everything else.
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { yaml } from '@codemirror/lang-yaml'
import { HighlightStyle, bracketMatching, foldGutter, foldKeymap, indentUnit, syntaxHighlighting } from '@codemirror/language'
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from '@codemirror/lint'
import { Compartment, EditorState } from '@codemirror/state'
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { useEffect, useRef } from 'react'

export interface CodeFinding {
  from: number
  to: number
  severity: 'error' | 'warning'
  message: string
}

interface CodeEditorProps {
  text: string
  label: string
  onChange?: (text: string) => void
  findings?: readonly CodeFinding[]
  /** Moves the cursor there when it changes. */
  goTo?: { from: number; to: number } | null
  readOnly?: boolean
}

const THEME = EditorView.theme({
  '&': { backgroundColor: 'var(--surface)', color: 'var(--text)', fontSize: '12.5px', border: '1px solid var(--line-strong)', borderRadius: '7px', overflow: 'hidden' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '1px' },
  '.cm-scroller': { fontFamily: 'var(--font-geist-mono), ui-monospace, monospace', lineHeight: '1.65', maxHeight: '64vh', minHeight: '220px' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'var(--sunken)', color: 'var(--text-faint)', border: 'none', fontSize: '12px' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--accent-soft) 55%, transparent)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--info-soft)' },
  '.cm-tooltip': { backgroundColor: 'var(--raised)', color: 'var(--text)', border: '1px solid var(--line)', borderRadius: '7px' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
  '.cm-diagnostic-warning': { borderLeftColor: 'var(--warn)' },
})

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--text)', fontWeight: '500' },
  { tag: tags.string, color: 'var(--series-1)' },
  { tag: [tags.number, tags.bool, tags.null, tags.content], color: 'var(--series-1)' },
  { tag: tags.comment, color: 'var(--text-faint)' },
  { tag: [tags.punctuation, tags.separator, tags.meta], color: 'var(--text-faint)' },
])

const writing = (readOnly: boolean) => [EditorState.readOnly.of(readOnly), EditorView.editable.of(!readOnly)]

/** Tab leaves the editor, as everywhere on a page; indentation follows the line above. */
export default function CodeEditor({ text, label, onChange, findings = [], goTo = null, readOnly = false }: CodeEditorProps) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const changed = useRef(onChange)
  const writable = useRef(new Compartment())
  changed.current = onChange

  // The editor owns its DOM: made once, then told what changed.
  useEffect(() => {
    const editor = new EditorView({
      parent: host.current!, // mounted
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(), foldGutter(), lintGutter(), history(), drawSelection(), bracketMatching(), highlightActiveLine(), indentUnit.of('  '), yaml(), syntaxHighlighting(COLOURS), THEME,
          keymap.of([...defaultKeymap.filter((binding) => binding.key !== 'Mod-Enter'), ...historyKeymap, ...foldKeymap, ...lintKeymap]),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }), // takes the focus also where it may only be read, so that a keyboard can scroll it
          writable.current.of(writing(readOnly)),
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !update.transactions.some((transaction) => transaction.isUserEvent('outside'))) changed.current?.(update.state.doc.toString())
          }),
        ],
      }),
    })
    view.current = editor
    return () => editor.destroy()
    // eslint-disable-next-line react-hooks/exhaustive-deps -- later values arrive through the effects below
  }, [])

  useEffect(() => {
    const editor = view.current
    if (editor && editor.state.doc.toString() !== text) editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text }, userEvent: 'outside' })
  }, [text])

  useEffect(() => {
    view.current?.dispatch({ effects: writable.current.reconfigure(writing(readOnly)) })
  }, [readOnly])

  useEffect(() => {
    const editor = view.current
    if (!editor) return
    const end = editor.state.doc.length
    const diagnostics: Diagnostic[] = findings.map((finding) => ({ ...finding, from: Math.min(finding.from, end), to: Math.min(Math.max(finding.to, finding.from), end) }))
    editor.dispatch(setDiagnostics(editor.state, diagnostics))
  }, [findings, text])

  useEffect(() => {
    const editor = view.current
    if (!editor || !goTo) return
    const end = editor.state.doc.length
    editor.dispatch({ selection: { anchor: Math.min(goTo.from, end), head: Math.min(goTo.to, end) }, effects: EditorView.scrollIntoView(Math.min(goTo.from, end), { y: 'center' }) })
    editor.focus()
  }, [goTo])

  return <div ref={host} />
}
