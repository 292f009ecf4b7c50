/** One answer in full, about capabilities that no catalog has: it teaches the form and nothing else. */
export const EXAMPLE = `Example of an answer, for capabilities that are not in your catalog:
{"steps": [
  {"name": "find", "component": "library", "action": "find_books", "inputs": {"author": "Le Guin", "limit": 5}, "depends_on": []},
  {"name": "second", "component": "library", "action": "get_book", "inputs": {"id": "\${steps.find.output.books[1].id}"}, "depends_on": ["find"]},
  {"name": "price", "component": "shop", "action": "price_of", "inputs": {"isbn": "\${steps.second.output.isbn}", "copies": 3}, "depends_on": ["second"]}
]}`
