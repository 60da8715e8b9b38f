"""`pf-tui --demo`: a temporary home with generated data that lives, so that a newcomer sees what pf-tui is for."""
