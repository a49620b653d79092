-- Lantern Books: who ordered what, and what the warehouse has to pack.
-- Keys are UUIDv7: they grow with time, so new rows land at the end of their index.

CREATE TABLE customers (
    id   uuid DEFAULT uuidv7(),
    name text NOT NULL,

    CONSTRAINT customers_pkey PRIMARY KEY (id),
    CONSTRAINT customers_name_not_empty CHECK (name <> '')
);

CREATE TABLE books (
    id    uuid DEFAULT uuidv7(),
    title text NOT NULL,

    CONSTRAINT books_pkey PRIMARY KEY (id),
    CONSTRAINT books_title_not_empty CHECK (title <> '')
);

CREATE TABLE orders (
    id          uuid DEFAULT uuidv7(),
    customer_id uuid NOT NULL,
    placed_at   timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT orders_pkey PRIMARY KEY (id),
    CONSTRAINT orders_customer_fkey FOREIGN KEY (customer_id) REFERENCES customers (id)
);

CREATE INDEX orders_by_customer ON orders (customer_id);

-- Positions count from 1, in the order in which the lines were sent.
CREATE TABLE order_lines (
    order_id uuid    NOT NULL,
    position integer NOT NULL,
    book_id  uuid    NOT NULL,
    quantity integer NOT NULL,

    CONSTRAINT order_lines_pkey PRIMARY KEY (order_id, position),
    CONSTRAINT order_lines_order_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
    CONSTRAINT order_lines_book_fkey FOREIGN KEY (book_id) REFERENCES books (id),
    CONSTRAINT order_lines_quantity_positive CHECK (quantity > 0)
);

-- Events that are committed and not yet on the stream. The relay takes the least refused first, then the oldest; what
-- Redis refuses again and again goes behind the others, and stays.
CREATE TABLE outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY,
    event_id   uuid    NOT NULL,
    type       text    NOT NULL,
    order_id   uuid    NOT NULL,
    payload    jsonb   NOT NULL,
    refusals   integer NOT NULL DEFAULT 0,
    claim         uuid,
    claimed_until timestamptz,

    CONSTRAINT outbox_pkey PRIMARY KEY (id),
    CONSTRAINT outbox_event_key UNIQUE (event_id)
);

CREATE INDEX outbox_in_turn ON outbox (refusals, id);

-- The warehouse's: it knows an order from its event alone, so nothing here refers to the tables above.
CREATE TABLE packing_slips (
    id         uuid DEFAULT uuidv7(),
    order_id   uuid NOT NULL,
    lines      jsonb NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT packing_slips_pkey PRIMARY KEY (id),
    CONSTRAINT packing_slips_order_key UNIQUE (order_id)
);
