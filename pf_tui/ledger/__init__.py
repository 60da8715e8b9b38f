"""The ledger: history, not a cache. Agents delete their logs after 30 days; these rows stay.

schema    tables, migrations, how the file is opened      rows      one request as a row
rollups   sums kept beside the rows                       record    what hooks, gateway and status need (sqlite3)
spans     from when to when, by which clock               sums      what rows add up to
cells     the sums of a span by anything; `question`      overview  a span's totals and every list
          asks one rollup, `tiers` says which             blocks    five-hour blocks
events    single rows: failures, hits, requests           walls     limit hits and fallbacks, counted
latency   medians                                         document  JSON and CSV shapes
prices    unit prices for rows                            comparison how providers compare
"""
