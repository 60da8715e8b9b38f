"""The dashboard: the only room that knows Textual. Shows a Snapshot, acts through the verbs.

start            first paint before Textual is imported, then the app
main_screen      the one screen: panes, focus, keys
threaded_app     what screens ask of the app; app puts both together
text, page       what is shown, as plain data: spans with the name of a colour, rows with a key
charts/          bars, lines, meters, sparklines as lines of text
panes/           a pure page and a widget per pane
dialogs/         sheets, pickers, questions
actions          the one table of keys and words; handlers/ carries each of them out
watch, refresher file changes -> Snapshot
"""
