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

-- Whatever changes a book, by whatever statement, gives it the next version.
CREATE FUNCTION move_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END;
$$;

CREATE TRIGGER books_move_version BEFORE UPDATE ON books
    FOR EACH ROW EXECUTE FUNCTION move_version();
