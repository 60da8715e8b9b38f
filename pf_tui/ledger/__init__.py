"""The ledger: history, not a cache. Agents delete their logs after 30 days; these rows stay.

schema    tables, migrations, how the file is opened      rows     one request as a row; rollups
record    what hooks, gateway and status need (sqlite3)   prices   unit prices for rows
query     analytics views as records                      document their JSON and CSV shapes
"""
