-- In: how many. Takes changed purchases off the queue into due_purchase. A repeat takes what is left.
WITH taken AS (
    DELETE FROM changed_purchase WHERE id IN (
        SELECT id FROM changed_purchase ORDER BY id LIMIT :limit)
    RETURNING purchase_id
)
INSERT INTO due_purchase (purchase_id) SELECT purchase_id FROM taken
