"""What lies over the panes: sheets to read or choose from, and lines to type into. Loaded when first opened."""
