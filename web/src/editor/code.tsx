import { autocompletion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, setDiagnostics } from '@codemirror/lint';
import { MergeView } from '@codemirror/merge';
import { EditorState, type Extension } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';
import type { Result } from '../api/call.ts';
import { completionsAt } from './completions.ts';
import './code.css';

export type Diagnostic = Result<'checkWorkflow'>['diagnostics'][number];

const highlight = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], class: 'cm-key' },
  { tag: [tags.string, tags.special(tags.string), tags.content], class: 'cm-text' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], class: 'cm-value' },
  { tag: tags.comment, class: 'cm-note' },
]);

/** The policy of the page allows style elements with this word alone. */
const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? '';

const shown: Extension = [
  EditorView.cspNonce.of(nonce),
  lineNumbers(),
  yaml(),
  syntaxHighlighting(highlight),
  EditorView.lineWrapping,
];

interface CodeProps {
  value: string;
  onChange: (value: string) => void;
  diagnostics: readonly Diagnostic[];
  /** Ids of steps, names of inputs and workflows: what may be named. */
  known: { steps: readonly string[]; inputs: readonly string[]; workflows: readonly string[] };
  /** A line to show, from 1. */
  line: number | undefined;
  onSave: () => void;
  onPublish: () => void;
}

/** The text of a workflow: with its problems where they are, and completion of what may stand here. */
export function Code({ value, onChange, diagnostics, known, line, onSave, onPublish }: CodeProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const now = useRef({ onChange, known, onSave, onPublish });
  now.current = { onChange, known, onSave, onPublish };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the editor is made once; what changes is told to it below
  useEffect(() => {
    if (!host.current) return;
    const complete = (context: CompletionContext): CompletionResult | null => completionsAt(context, now.current.known);
    const save = () => {
      now.current.onSave();
      return true;
    };
    const publish = () => {
      now.current.onPublish();
      return true;
    };
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          shown,
          history(),
          drawSelection(),
          highlightActiveLine(),
          indentOnInput(),
          bracketMatching(),
          lintGutter(),
          autocompletion({ override: [complete] }),
          keymap.of([
            { key: 'Mod-s', preventDefault: true, run: save },
            { key: 'Mod-Enter', run: publish },
            ...defaultKeymap,
            ...historyKeymap,
            indentWithTab,
          ]),
          EditorView.contentAttributes.of({ 'aria-label': 'Text of the workflow' }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) now.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, []);
  useEffect(() => {
    const made = view.current;
    if (made && made.state.doc.toString() !== value)
      made.dispatch({ changes: { from: 0, to: made.state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => {
    const made = view.current;
    if (!made) return;
    const { doc } = made.state;
    made.dispatch(
      setDiagnostics(
        made.state,
        diagnostics.map(({ line: at, column, message, severity }) => {
          const place = doc.line(Math.max(1, Math.min(doc.lines, at)));
          const from = Math.min(place.to, place.from + column - 1);
          return { from, to: Math.max(from, place.to), message, severity };
        }),
      ),
    );
  }, [diagnostics]);
  useEffect(() => {
    const made = view.current;
    if (!made || line === undefined) return;
    const at = made.state.doc.line(Math.max(1, Math.min(made.state.doc.lines, line)));
    made.dispatch({ selection: { anchor: at.from }, effects: EditorView.scrollIntoView(at.from, { y: 'center' }) });
    made.focus();
  }, [line]);
  return <div ref={host} className="code" />;
}

/** Two texts side by side, what differs marked. */
export function Diff({ before, after, names }: { before: string; after: string; names: [string, string] }) {
  const host = useRef<HTMLDivElement>(null);
  const [left, right] = names;
  useEffect(() => {
    if (!host.current) return;
    const side = (label: string) => [
      shown,
      EditorState.readOnly.of(true),
      EditorView.contentAttributes.of({ 'aria-label': label }),
    ];
    const made = new MergeView({
      parent: host.current,
      a: { doc: before, extensions: side(left) },
      b: { doc: after, extensions: side(right) },
      collapseUnchanged: { margin: 3, minSize: 6 },
      gutter: true,
    });
    return () => made.destroy();
  }, [before, after, left, right]);
  return (
    <div>
      <div className="diff-names muted">
        <span>{left}</span>
        <span>{right}</span>
      </div>
      <div ref={host} className="code diff" />
    </div>
  );
}
