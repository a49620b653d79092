-- Lantern Books: who bought what, who wrote it, and what has been paid.
-- Keys are UUIDv7: they grow with time, so new rows land at the end of their index.

CREATE TABLE customers (
    id   uuid DEFAULT uuidv7(),
    name text NOT NULL,

    CONSTRAINT customers_pkey PRIMARY KEY (id),
    CONSTRAINT customers_name_not_empty CHECK (name <> '')
);

CREATE TABLE authors (
    id   uuid DEFAULT uuidv7(),
    name text NOT NULL,

    CONSTRAINT authors_pkey PRIMARY KEY (id),
    CONSTRAINT authors_name_not_empty CHECK (name <> '')
);

CREATE TABLE books (
    id    uuid DEFAULT uuidv7(),
    title text NOT NULL,

    CONSTRAINT books_pkey PRIMARY KEY (id),
    CONSTRAINT books_title_not_empty CHECK (title <> '')
);

-- Who wrote a book, in the order of the names on its cover.
CREATE TABLE book_authors (
    book_id   uuid NOT NULL,
    position  integer NOT NULL,
    author_id uuid NOT NULL,

    CONSTRAINT book_authors_pkey PRIMARY KEY (book_id, position),
    CONSTRAINT book_authors_names_an_author_once UNIQUE (book_id, author_id),
    CONSTRAINT book_authors_book_fkey FOREIGN KEY (book_id) REFERENCES books (id),
    CONSTRAINT book_authors_author_fkey FOREIGN KEY (author_id) REFERENCES authors (id),
    CONSTRAINT book_authors_position_positive CHECK (position >= 1)
);

CREATE INDEX book_authors_by_author ON book_authors (author_id);

CREATE TABLE orders (
    id          uuid DEFAULT uuidv7(),
    customer_id uuid NOT NULL,
    placed_at   timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT orders_pkey PRIMARY KEY (id),
    CONSTRAINT orders_customer_fkey FOREIGN KEY (customer_id) REFERENCES customers (id)
);

CREATE INDEX orders_by_customer ON orders (customer_id, placed_at DESC, id DESC);

-- The price is what the book cost on the day of the order.
CREATE TABLE order_lines (
    order_id    uuid NOT NULL,
    position    integer NOT NULL,
    book_id     uuid NOT NULL,
    quantity    integer NOT NULL,
    price_cents integer NOT NULL,

    CONSTRAINT order_lines_pkey PRIMARY KEY (order_id, position),
    CONSTRAINT order_lines_order_fkey FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT order_lines_book_fkey FOREIGN KEY (book_id) REFERENCES books (id),
    CONSTRAINT order_lines_position_positive CHECK (position >= 1),
    CONSTRAINT order_lines_quantity_positive CHECK (quantity >= 1),
    CONSTRAINT order_lines_price_not_negative CHECK (price_cents >= 0)
);

CREATE INDEX order_lines_by_book ON order_lines (book_id);

CREATE TABLE payments (
    id           uuid DEFAULT uuidv7(),
    order_id     uuid NOT NULL,
    amount_cents integer NOT NULL,
    method       text NOT NULL,
    paid_at      timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT payments_pkey PRIMARY KEY (id),
    CONSTRAINT payments_order_fkey FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT payments_amount_positive CHECK (amount_cents > 0),
    CONSTRAINT payments_method_known CHECK (method IN ('card', 'cash', 'invoice'))
);

CREATE INDEX payments_by_order ON payments (order_id, paid_at, id);
