"""The dashboard: the only room that knows Textual. Shows a Snapshot, acts through the verbs.

start       the door: first paint before Textual is imported, then the app
ink, page   what is shown, as plain data: spans with the name of an ink, rows with a key
charts/     bars, lines, meters, sparklines as lines of ink
panes/      a pure page and a widget per pane
overlays/   sheets, choosers, questions
actions     the one table of keys and words; doing/ is what each of them does
watch, feed file changes -> Snapshot
"""
