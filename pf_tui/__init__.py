"""pf-tui keeps AI coding agents working when a provider runs out."""

__version__ = "0.1.0"
