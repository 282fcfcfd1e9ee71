-- The staging table of one batch, private to the connection and empty at the start of each transaction.
-- `parked_id`: the parked event that the row comes from. `fate`: NULL accepted, duplicate, conflict, parked, or the
-- code of a refusal (`park` and `apply` on the way). Repeat: nothing happens.
CREATE TEMP TABLE IF NOT EXISTS staged (
    row_index integer NOT NULL,
    kind smallint NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    viewer uuid,
    content text COLLATE "C",
    product text COLLATE "C",
    order_ref text COLLATE "C",
    quantity integer,
    amount bigint,
    currency text,
    watch_ms integer,
    completed boolean,
    parked_id bigint,
    fate text
) ON COMMIT DELETE ROWS
