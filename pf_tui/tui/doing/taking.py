"""What a person takes along: the name, the row, the screen."""
