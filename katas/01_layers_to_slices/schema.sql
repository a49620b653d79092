-- Lantern Books: who buys, what is on the shelf, and what was ordered.
-- Keys are UUIDv7: they grow with time, so new rows land at the end of their index.

CREATE TABLE customers (
    id   uuid DEFAULT uuidv7(),
    name text NOT NULL,

    CONSTRAINT customers_pkey PRIMARY KEY (id),
    CONSTRAINT customers_name_not_empty CHECK (name <> '')
);

-- The shelf holds 10,000 copies of a book.
CREATE TABLE books (
    id          uuid DEFAULT uuidv7(),
    title       text NOT NULL,
    price_cents integer NOT NULL,
    stock       integer NOT NULL DEFAULT 0,

    CONSTRAINT books_pkey PRIMARY KEY (id),
    CONSTRAINT books_title_not_empty CHECK (title <> ''),
    CONSTRAINT books_price_not_negative CHECK (price_cents >= 0),
    CONSTRAINT books_stock_within_bounds CHECK (stock BETWEEN 0 AND 10000)
);

-- Copies of one book; the price is that of one copy on the day of the order.
CREATE TABLE orders (
    id           uuid DEFAULT uuidv7(),
    customer_id  uuid NOT NULL,
    book_id      uuid NOT NULL,
    quantity     integer NOT NULL,
    price_cents  integer NOT NULL,
    placed_at    timestamptz NOT NULL DEFAULT now(),
    cancelled_at timestamptz,

    CONSTRAINT orders_pkey PRIMARY KEY (id),
    CONSTRAINT orders_customer_fkey FOREIGN KEY (customer_id) REFERENCES customers (id),
    CONSTRAINT orders_book_fkey FOREIGN KEY (book_id) REFERENCES books (id),
    CONSTRAINT orders_quantity_positive CHECK (quantity >= 1),
    CONSTRAINT orders_price_not_negative CHECK (price_cents >= 0)
);

CREATE INDEX orders_by_customer ON orders (customer_id, placed_at DESC, id DESC);
CREATE INDEX orders_by_book ON orders (book_id);
