"""The panes: in each module a pure page (`page_for`) and, where it is one, the widget that shows it."""
