"""What lies over the panes: sheets to read or choose from, lines to type into. Loaded when first opened."""
