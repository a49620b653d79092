"""One package a use case: handler.py speaks HTTP, logic.py decides, schema.py is what travels, db.py what is kept."""
