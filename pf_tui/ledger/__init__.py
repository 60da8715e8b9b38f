"""The ledger: history, not a cache. Agents delete their logs after 30 days; these rows stay.

layout     words, units and keys of the tables;           rows            one request as a row
           `schema` opens the file, `migrations` mend it
rollups    sums kept beside the rows                      reader          what hooks, gateway and status need
period     from when to when, by which clock              totals          what rows add up to
query      the sums of a period by anything; `question`   overview        a period's totals and every list
           asks one rollup                                blocks          five-hour blocks
events     single rows: failures, hits, requests          limit_hits      limit hits and fallbacks, counted
gateway_rows  the gateway's own requests                  window_history  how a limit window filled
latency    medians                                        document        JSON and CSV shapes
prices     unit prices for rows                           comparison      how providers compare
"""
