"""Text on its way to a screen: lines of spans, tables, meters and signs, for the CLI and the dashboard.

Pure: the width is an argument. Knows neither Rich nor Textual; each face knows its colours by name.
"""
