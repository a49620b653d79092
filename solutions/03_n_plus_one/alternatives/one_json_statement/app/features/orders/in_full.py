"""An order in full, as a JSON document that Postgres puts together."""

# Each LATERAL subquery folds one branch of the order into one array, so no branch multiplies another.
IN_FULL = """
    SELECT json_build_object(
        'id', o.id,
        'placed_at', o.placed_at,
        'customer', json_build_object('id', c.id, 'name', c.name),
        'lines', l.lines,
        'payments', p.payments
    ) AS document
    FROM customers c
    CROSS JOIN LATERAL (
        SELECT coalesce(json_agg(json_build_object(
            'position', line.position,
            'quantity', line.quantity,
            'price_cents', line.price_cents,
            'book', json_build_object('id', b.id, 'title', b.title, 'authors', a.authors)
        ) ORDER BY line.position), '[]') AS lines
        FROM order_lines line
        JOIN books b ON b.id = line.book_id
        CROSS JOIN LATERAL (
            SELECT coalesce(json_agg(
                json_build_object('id', author.id, 'name', author.name) ORDER BY ba.position
            ), '[]') AS authors
            FROM book_authors ba
            JOIN authors author ON author.id = ba.author_id
            WHERE ba.book_id = b.id
        ) a
        WHERE line.order_id = o.id
    ) l
    CROSS JOIN LATERAL (
        SELECT coalesce(json_agg(json_build_object(
            'id', payment.id,
            'amount_cents', payment.amount_cents,
            'method', payment.method,
            'paid_at', payment.paid_at
        ) ORDER BY payment.paid_at, payment.id), '[]') AS payments
        FROM payments payment
        WHERE payment.order_id = o.id
    ) p
    WHERE c.id = o.customer_id
"""
