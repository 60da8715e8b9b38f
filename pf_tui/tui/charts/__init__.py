"""Charts as coloured text: stacked bars, braille lines, meters, sparklines. Pure; numbers in, Lines out.

Own code, measured reason: every chart package for Textual costs 230–290 ms to import and stacks with
holes or whole-cell steps (same data, by eye).
"""
