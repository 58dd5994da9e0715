"""The edition that ships with the package, and the script that compiles it."""
