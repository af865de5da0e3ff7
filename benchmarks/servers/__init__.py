"""The same tool behind each server; each module here is a program of its own."""
