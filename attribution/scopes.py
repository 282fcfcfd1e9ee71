"""What of the catalog must stand at the time of a touch for it to count, by a policy's scope; and the order of touches."""

_STANDS = "g.tagged_from <= t.occurred_at AND (g.tagged_until IS NULL OR t.occurred_at < g.tagged_until)"

# SQL that follows the joins of attribute_candidates: p a purchase, t a touch, c its content.
SCOPES = {
    # The content tags the product that was bought; a click was on that product.
    "product": f"""
JOIN product_tag g ON g.content = t.content AND g.product = p.product AND {_STANDS}
WHERE (t.kind = 1 OR t.product = p.product)""",
    # The content tags a product of the same seller; a click was on such a product.
    "seller": f"""
JOIN product b ON b.id = p.product
WHERE EXISTS (
    SELECT FROM product_tag g JOIN product k ON k.id = g.product
    WHERE g.content = t.content AND k.seller = b.seller AND (t.kind = 1 OR g.product = t.product) AND {_STANDS})""",
    # The content tags something; a click was on something that it tags.
    "store": f"""
WHERE EXISTS (
    SELECT FROM product_tag g
    WHERE g.content = t.content AND (t.kind = 1 OR g.product = t.product) AND {_STANDS})""",
}

# The same without the time: does the content ever tag what the scope asks for? Conditions, for explanations.
EVER = {
    "product": """(t.kind = 1 OR t.product = p.product)
    AND EXISTS (SELECT FROM product_tag g WHERE g.content = t.content AND g.product = p.product)""",
    "seller": """EXISTS (
    SELECT FROM product_tag g JOIN product k ON k.id = g.product JOIN product b ON b.id = p.product
    WHERE g.content = t.content AND k.seller = b.seller AND (t.kind = 1 OR g.product = t.product))""",
    "store": """EXISTS (
    SELECT FROM product_tag g WHERE g.content = t.content AND (t.kind = 1 OR g.product = t.product))""",
}

# Of the models that give a sale to one touch: which one. A click beats a view only for the last.
ORDERS = {
    "last_touch": "kind DESC, touched_at DESC, touch_id DESC",
    "first_touch": "touched_at, kind, touch_id",
}
