"""Built-in event stores, as delivery uses them."""
