"""The write side of objects: creating and changing them in a store, giving sequences to refget, and telling of them."""
