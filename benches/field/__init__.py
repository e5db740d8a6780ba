"""What people use instead of this package, measured on the same job: `make bench-field`."""
