-- Lantern Books: what the shop sells, as the back office edits it.
-- Keys are UUIDv7: they grow with time, so new rows land at the end of their index.

CREATE TABLE books (
    id          uuid DEFAULT uuidv7(),
    title       text NOT NULL,
    price_cents integer NOT NULL,
    stock       bigint NOT NULL DEFAULT 0,
    version     bigint NOT NULL DEFAULT 1,

    CONSTRAINT books_pkey PRIMARY KEY (id),
    CONSTRAINT books_title_not_empty CHECK (title <> ''),
    CONSTRAINT books_price_not_negative CHECK (price_cents >= 0),
    CONSTRAINT books_stock_not_negative CHECK (stock >= 0),
    CONSTRAINT books_version_positive CHECK (version >= 1)
);
