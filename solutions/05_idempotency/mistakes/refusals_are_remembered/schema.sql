-- Lantern Books: who ordered, what was paid, and what the ledger says of it.
-- Keys are UUIDv7: they grow with time, so new rows land at the end of their index.

CREATE TABLE customers (
    id   uuid DEFAULT uuidv7(),
    name text NOT NULL,

    CONSTRAINT customers_pkey PRIMARY KEY (id),
    CONSTRAINT customers_name_not_empty CHECK (name <> '')
);

CREATE TABLE orders (
    id          uuid DEFAULT uuidv7(),
    customer_id uuid NOT NULL,
    placed_at   timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT orders_pkey PRIMARY KEY (id),
    CONSTRAINT orders_customer_fkey FOREIGN KEY (customer_id) REFERENCES customers (id)
);

CREATE INDEX orders_by_customer ON orders (customer_id);

-- An order may be paid in parts. The charge is the gateway's name for what it took from the card.
CREATE TABLE payments (
    id           uuid DEFAULT uuidv7(),
    order_id     uuid NOT NULL,
    amount_cents integer NOT NULL,
    charge_id    text NOT NULL,
    paid_at      timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT payments_pkey PRIMARY KEY (id),
    CONSTRAINT payments_order_fkey FOREIGN KEY (order_id) REFERENCES orders (id),
    CONSTRAINT payments_amount_positive CHECK (amount_cents > 0)
);

CREATE INDEX payments_by_order ON payments (order_id);

-- What the accountant reads; a refund will be an entry below zero.
CREATE TABLE ledger_entries (
    id           uuid DEFAULT uuidv7(),
    payment_id   uuid NOT NULL,
    amount_cents integer NOT NULL,
    entered_at   timestamptz NOT NULL DEFAULT now(),

    CONSTRAINT ledger_entries_pkey PRIMARY KEY (id),
    CONSTRAINT ledger_entries_payment_fkey FOREIGN KEY (payment_id) REFERENCES payments (id),
    CONSTRAINT ledger_entries_amount_not_zero CHECK (amount_cents <> 0)
);

CREATE INDEX ledger_entries_by_payment ON ledger_entries (payment_id);

-- What was paid with which key of a customer. The row is written in the transaction of its payment: the primary key
-- makes whoever comes second wait, and `status` and `answer` are empty only inside that transaction.
-- Rows are kept for good. The gateway never forgets a key, so one forgotten here could not pay a second time.
CREATE TABLE idempotency_keys (
    customer_id uuid NOT NULL,
    key         text NOT NULL,
    request     text NOT NULL,
    status      integer,
    answer      text,

    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (customer_id, key)
);
