"""`pf-tui --demo`: a temporary home with generated data that lives, to see what pf-tui is for."""
