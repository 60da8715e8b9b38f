"""What is written for users, and the programs that write part of it (`make docs`, `make pictures`)."""
