"""The data that targets track and encode: plain data, the same for all of them."""
